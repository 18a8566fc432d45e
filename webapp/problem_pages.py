"""GET /problems/<slug>: the page behind the `type` of every problem."""

from flask import Blueprint, Response, render_template

from webapp import problems
from webapp.page import html_response
from webapp.problems import PROBLEMS, ProblemError

blueprint = Blueprint("problem_pages", __name__, url_prefix="/problems")


@blueprint.get("")
def list_problems() -> Response:
    return html_response(render_template("problems.html", problems=PROBLEMS.values()))


@blueprint.get("/<slug>")
def show_problem(slug: str) -> Response:
    kind = PROBLEMS.get(slug)
    if kind is None:
        raise ProblemError(problems.NOT_FOUND, "There is no problem of that name; /problems lists them all.")
    return html_response(render_template("problem.html", problem=kind))
