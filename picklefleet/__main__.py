"""`picklefleet`: the union of the houses' commands. Each is imported only when it is asked for."""

from importlib import import_module

import click

from lifecycle.command_line import CommandGroup

# command → (where it lives, its line in --help): the line stands here so that --help imports no house
COMMANDS = {
    "inspect": ("intake.__main__:inspect", "Show what a model file holds, without executing it."),
    "register": ("intake.__main__:register", "Turn a model file into a signed version in the registry."),
    "versions": ("release.__main__:versions", "List the registered versions and which of them is champion."),
    "approve": ("release.__main__:approve", "Countersign a version: it may serve."),
    "promote": ("release.__main__:promote", "Make a version the champion."),
    "experiment": (
        "picklefleet.experiment_command:experiment",
        "Compare two versions on shares of the units by what really happened.",
    ),
    "rollout": ("picklefleet.rollout_command:rollout", "Move traffic to a new version step by step."),
    "history": ("release.__main__:history", "Show who was champion when, by whom and why."),
    "policy": ("picklefleet.policy_command:policy", "Show and change which version answers whom."),
    "rollback": ("picklefleet.policy_command:rollback", "Go back to the policy before this one."),
    "trust": ("release.__main__:trust", "Make, list and revoke the keys that sign and admit versions."),
    "release": (
        "picklefleet.release_command:release",
        "Move clients from one colour, a whole fleet of one release, to the other, and back.",
    ),
    "keys": ("picklefleet.keys_command:keys", "Make, list, rotate and revoke the API keys of callers."),
    "feedback": ("picklefleet.feedback_command:feedback", "Record true values from a file."),
    "performance": (
        "picklefleet.performance_command:performance",
        "Show how good the predictions were, where true values came back.",
    ),
    "log": ("picklefleet.log_command:log", "Compact, expire and forget records of predictions."),
    "drift": ("drift_jobs.__main__:drift", "Show how a stretch of time differs from the reference."),
    "report": (
        "picklefleet.report_command:report",
        "Show, preview, mail and snooze the reports of nights.",
    ),
    "work": ("drift_jobs.__main__:work", "Run the worker that judges every night, or judge one by hand."),
    "retrain": (
        "retrain.__main__:retrain",
        "Train a challenger on what the fleet has seen, compare and register it.",
    ),
    "alarms": ("drift_jobs.__main__:alarms", "Ask Graphite whether anything is wrong now."),
    "dashboards": (
        "picklefleet.dashboards_command:dashboards",
        "Keep the dashboards in Graphite, or save them as pictures.",
    ),
    "replay": (
        "picklefleet.replay_command:replay",
        "Send the flights held back to the service, at their own time.",
    ),
    "agent": ("agent.__main__:agent", "Keep this machine's cache in step with the store."),
    "web": ("picklefleet.web:web", "Run the web service alone; the agent runs elsewhere."),
    "healthy": ("picklefleet.healthy:healthy", "Say whether the process of this container lives."),
    "store": ("picklefleet.store_command:store", "Make what the store needs before its first use."),
    "edge": ("picklefleet.edge_command:edge", "Write and switch this machine's HAProxy."),
    "serve": ("picklefleet.serve:serve", "Run the agent and the web service under one supervisor."),
    "up": ("picklefleet.up:up", "Register, approve, promote and serve one model file on this machine."),
    "settings": (
        "picklefleet.settings_command:settings_command",
        "Show every setting, its value and origin.",
    ),
}


class LazyGroup(CommandGroup):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="picklefleet")
def main() -> None:
    """From a trained model in a .pkl file to a web service that an operations team can trust."""


if __name__ == "__main__":
    main()
