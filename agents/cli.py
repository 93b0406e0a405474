"""The command line: `deixis ask`, `chat`, `read`, `ground`, `translate`, `route`, `robot`, ….

Only typer is imported here: `deixis --help` must be quick, so each command brings its own needs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="deixis",
    help="Agents that see, read, point and act.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Model = Annotated[str, typer.Option("--model", help="See `deixis models`.")]
User = Annotated[str | None, typer.Option("--user", help="Whose conversation it is.")]
Thread = Annotated[str | None, typer.Option("--thread", help="A conversation to go on with.")]
Map = Annotated[
    str | None,
    typer.Option("--map", metavar="MAP", help="IMDF folder or zip, or OpenStreetMap as GeoJSON."),
]
Trace = Annotated[
    Path | None, typer.Option("--trace", metavar="OUT.json", help="Write down what happens.")
]
MapArgument = Annotated[
    str, typer.Argument(metavar="MAP", help="IMDF folder or zip, or OpenStreetMap as GeoJSON.")
]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Agents that see, read, point and act."""
    if version:
        from deixis import __version__

        typer.echo(f"deixis {__version__}")
        raise typer.Exit


@app.command()
def ask(
    words: Annotated[
        list[str], typer.Argument(metavar="[IMAGE…] QUESTION", help="Paths, URLs or PDFs, then it.")
    ],
    model: Model = "embedded",
    user: User = None,
    thread: Thread = None,
    map_: Map = None,
    annotate: Annotated[
        Path | None, typer.Option("--annotate", metavar="OUT.png", help="Draw the answer's places.")
    ] = None,
    trace: Trace = None,
    json: Json = False,
) -> None:
    """Ask a question about images; with a map, ask the way."""
    from deixis.agents._commands import ask as run

    run(
        words,
        model=model,
        user=user,
        thread=thread,
        map_=map_,
        out=annotate,
        trace=trace,
        as_json=json,
    )


@app.command()
def chat(
    images: Annotated[list[str] | None, typer.Argument(metavar="[IMAGE…]")] = None,
    model: Model = "embedded",
    user: User = None,
    thread: Thread = None,
    map_: Map = None,
    trace: Trace = None,
    json: Json = False,
) -> None:
    """Talk about images. /image PATH adds one, /quit ends."""
    from deixis.agents._chat import chat as run

    run(images or [], model=model, user=user, thread=thread, map_=map_, trace=trace, as_json=json)


@app.command()
def read(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="Path, URL or PDF.")],
    json: Json = False,
) -> None:
    """Read the text of an image or document, in reading order."""
    from deixis.agents._commands import read as run

    run(image, as_json=json)


@app.command()
def extract(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE…", help="Photos or PDFs of one document.")
    ],
    fields: Annotated[
        str | None,
        typer.Option("--fields", metavar="NAMES", help='Such as "invoice number, date, total".'),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", metavar="FILE.json", help="JSON schema of an object.")
    ] = None,
    model: Model = "embedded",
    annotate: Annotated[
        Path | None, typer.Option("--annotate", metavar="OUT.png", help="Draw where they stand.")
    ] = None,
    json: Json = False,
) -> None:
    """Read fields of a form, an invoice or another document, each with its place."""
    from deixis.agents._document_commands import extract as run

    run(images, fields=fields, schema=schema, model=model, out=annotate, as_json=json)


@app.command()
def ground(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="Path or URL.")],
    phrase: Annotated[str, typer.Argument(metavar="PHRASE", help="What to find.")],
    model: Model = "embedded",
    annotate: Annotated[
        Path | None, typer.Option("--annotate", metavar="OUT.png", help="Draw what was found.")
    ] = None,
    json: Json = False,
) -> None:
    """Find where something is in an image."""
    from deixis.agents._commands import ground as run

    run(image, phrase, model=model, out=annotate, as_json=json)


@app.command()
def translate(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    to: Annotated[str, typer.Option("--to", metavar="LANG", help="For example en or zh.")],
    model: Model = "embedded",
    card: Annotated[
        Path | None, typer.Option("--card", metavar="OUT.png", help="Draw a card to show to staff.")
    ] = None,
    json: Json = False,
) -> None:
    """Translate a text, and say what did it."""
    from deixis.agents._translate_commands import translate as run

    run(text, to=to, model=model, card=card, as_json=json)


@app.command()
def route(
    source: MapArgument,
    end: Annotated[str, typer.Option("--to", metavar="B", help="A place on the map.")],
    start: Annotated[
        str | None, typer.Option("--from", metavar="A", help="By default the main entrance.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="LANG", help="By default that of --to.")
    ] = None,
    step_free: Annotated[
        bool, typer.Option("--step-free", help="No stairs, steps or escalators.")
    ] = False,
    avoid: Annotated[
        list[str] | None, typer.Option("--avoid", metavar="NAME", help="Such as a closed lift.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="For languages other than English and Chinese.")
    ] = "embedded",
    draw: Annotated[
        Path | None, typer.Option("--draw", metavar="OUT.png", help="Draw it on the floors' plans.")
    ] = None,
    json: Json = False,
) -> None:
    """Find a way on an indoor map, over floors."""
    from deixis.agents._map_commands import route as run

    run(
        source,
        start=start,
        end=end,
        language=language,
        step_free=step_free,
        avoid=avoid or [],
        model=model,
        out=draw,
        as_json=json,
    )


@app.command("map")
def map_command(
    source: MapArgument,
    sign: Annotated[
        str | None, typer.Option("--sign", metavar="IMAGE", help="Compare with a floor guide.")
    ] = None,
    language: Annotated[str, typer.Option("--language", metavar="LANG", help="en or zh.")] = "en",
    draw: Annotated[
        Path | None, typer.Option("--draw", metavar="OUT.png", help="Draw the floors' plans.")
    ] = None,
    json: Json = False,
) -> None:
    """List what an indoor map holds, check it, and compare it with a floor guide."""
    from deixis.agents._map_commands import describe_map as run

    run(source, sign=sign, language=language, out=draw, as_json=json)


@app.command()
def serve(
    map_: Map = None,
    model: Model = "embedded",
    host: Annotated[str, typer.Option("--host", help="127.0.0.1 is this machine alone.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = (
        8000
    ),
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="DEIXIS_WEB_TOKEN", help="Asked of who opens the page."),
    ] = None,
    json: Json = False,
) -> None:
    """Serve the web page: photos, questions, answers with boxes, routes."""
    from deixis.agents._serve_command import serve as run

    run(map_=map_, model=model, host=host, port=port, token=token, as_json=json)


@app.command()
def mcp(
    map_: Map = None,
    model: Model = "embedded",
    port: Annotated[
        int | None,
        typer.Option("--http", metavar="PORT", min=0, max=65535, help="By default over stdio."),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="With --http; 127.0.0.1 by default.")] = (
        "127.0.0.1"
    ),
    token: Annotated[
        str | None,
        typer.Option("--token", envvar="DEIXIS_MCP_TOKEN", help="Asked of clients over HTTP."),
    ] = None,
    allow: Annotated[
        list[Path] | None,
        typer.Option("--allow", metavar="FOLDER", help="Whose images may be read; this one."),
    ] = None,
    json: Json = False,
) -> None:
    """Serve the tools to MCP clients: reading, grounding, zoom, translation, map lookup."""
    from deixis.agents._mcp_command import mcp as run

    run(
        map_=map_,
        model=model,
        port=port,
        host=host,
        token=token,
        allow=allow or [],
        as_json=json,
    )


@app.command()
def robot(
    instruction: Annotated[str, typer.Argument(metavar="INSTRUCTION", help="What to do.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Makes the table.")] = 0,
    objects: Annotated[int, typer.Option("--objects", min=1, max=8, help="On the table.")] = 6,
    arm: Annotated[str, typer.Option("--arm", help="mujoco, or stub: no physics.")] = "mujoco",
    model: Model = "embedded",
    record: Annotated[
        Path | None, typer.Option("--record", metavar="OUT.gif", help="Film what it does.")
    ] = None,
    annotate: Annotated[
        Path | None, typer.Option("--annotate", metavar="OUT.png", help="Draw what it speaks of.")
    ] = None,
    trace: Trace = None,
    json: Json = False,
) -> None:
    """Drive a simulated arm by pointing: "put the red cube in the bowl"."""
    from deixis.agents._robot_commands import robot as run

    run(
        instruction,
        seed=seed,
        objects=objects,
        arm=arm,
        model=model,
        record=record,
        out=annotate,
        trace=trace,
        as_json=json,
    )


@app.command("trace")
def trace_command(
    path: Annotated[Path, typer.Argument(metavar="FILE.json", help="What --trace wrote.")],
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write it as a page.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what happened in a run: who spoke, what was called, with tokens, times and places."""
    from deixis.agents.tracing._commands import trace as run

    run(path, html=html, as_json=json)


@app.command()
def models(json: Json = False) -> None:
    """List the vision models: what can run here, and what is missing."""
    from deixis.agents._commands import models as run

    run(as_json=json)


memory = typer.Typer(
    help="What is remembered of users: search, list, forget, export.", no_args_is_help=True
)
app.add_typer(memory, name="memory")
Whose = Annotated[str | None, typer.Option("--user", help="Whose memories.")]
Within = Annotated[str | None, typer.Option("--thread", help="Of this conversation.")]


@memory.command("search")
def memory_search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="In any language.")],
    user: Whose = None,
    thread: Annotated[
        str | None, typer.Option("--thread", help="A conversation that has no user.")
    ] = None,
    most: Annotated[int, typer.Option("-k", "--most", min=1, max=1000, help="At most.")] = 5,
    json: Json = False,
) -> None:
    """Search a user's memories by meaning."""
    from deixis.agents._memory_commands import search as run

    run(query, user=user, thread=thread, most=most, as_json=json)


@memory.command("list")
def memory_list(user: Whose = None, thread: Within = None, json: Json = False) -> None:
    """List a user's memories, oldest first."""
    from deixis.agents._memory_commands import list_all as run

    run(user=user, thread=thread, as_json=json)


@memory.command("forget")
def memory_forget(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="As `list` shows them.")
    ] = None,
    user: Whose = None,
    thread: Within = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that is kept: memories, conversations, pictures.")
    ] = False,
    json: Json = False,
) -> None:
    """Forget for good: text, vectors and pictures, from the files too."""
    from deixis.agents._memory_commands import forget as run

    run(ids or [], user=user, thread=thread, everything=everything, as_json=json)


@memory.command("export")
def memory_export(
    user: Whose = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.json")] = None,
    images: Annotated[
        bool, typer.Option("--images/--no-images", help="With the pictures' bytes.")
    ] = True,
    json: Json = False,  # noqa: ARG001  (it is JSON in any case)
) -> None:
    """Export all that is kept of a user as JSON."""
    from deixis.agents._memory_commands import export as run

    run(user=user, out=out, with_images=images)


@memory.command("keep")
def memory_keep(
    user: Whose = None,
    days: Annotated[float | None, typer.Option("--days", help="Forget after so many.")] = None,
    most: Annotated[int | None, typer.Option("--most", help="Keep the newest.")] = None,
    kinds: Annotated[
        str | None, typer.Option("--kinds", metavar="turn,fact,note", help="What is written down.")
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="No limit of time or number.")] = False,
    json: Json = False,
) -> None:
    """Set, or show, what is kept of a user and for how long."""
    from deixis.agents._memory_commands import keep as run

    run(user=user, days=days, most=most, kinds=kinds, forever=forever, as_json=json)


@memory.command("index")
def memory_index(json: Json = False) -> None:
    """Check the index of memories, and bring it up to the record."""
    from deixis.agents._memory_commands import index as run

    run(as_json=json)


def main() -> None:
    """Runs the command line and ends the process: 0 done, 2 bad input, 1 anything else."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Runs one command and returns its exit code; an error is one line on stderr."""
    from deixis.agents._console import forgive_encodings
    from deixis.agents._failures import exit_code_of

    forgive_encodings()
    try:
        result = app(args=arguments, prog_name="deixis", standalone_mode=False)
    except BaseException as error:
        return exit_code_of(error)
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
