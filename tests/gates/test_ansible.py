from tests.gates import tools

CARELESS = """
- hosts: all
  tasks:
    - command: systemctl restart docker
    - name: secret
      copy: {content: "{{ password }}", dest: /etc/secret}
"""


def test_playbooks_and_roles_are_clean():
    assert tools.tracked("ansible/roles/*/tasks/main.yml")
    assert tools.ansible(tools.ROOT / "ansible") == []


def test_a_careless_playbook_is_caught(tmp_path):
    (tmp_path / "careless.yml").write_text(CARELESS)

    found = "\n".join(tools.ansible(tmp_path, "careless.yml"))

    for rule in (
        "name[play]",
        "command-instead-of-module",
        "fqcn",
        "risky-file-permissions",
        "no-changed-when",
    ):
        assert rule in found


def test_every_role_says_what_it_takes_and_uses_no_module_from_elsewhere():
    roles = {path.parent.parent for path in tools.tracked("ansible/roles/*/tasks/main.yml")}
    for role in roles:
        assert (role / "meta" / "argument_specs.yml").is_file(), role
        assert (role / "defaults" / "main.yml").is_file(), role
    modules = "\n".join(path.read_text() for path in tools.tracked("ansible/*.yml", "ansible/**/*.yml"))
    assert "community." not in modules
    assert "ansible.posix" not in modules
