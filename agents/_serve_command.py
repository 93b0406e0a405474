"""`deixis serve`: the web page, over what the command line keeps."""

from __future__ import annotations

from deixis.agents._console import emit, say
from deixis.agents._session import data_folder, open_agent


def serve(
    *, map_: str | None, model: str, host: str, port: int, token: str | None, as_json: bool
) -> None:
    """Serves the page until it is told to stop; calls that need approval wait for their user.

    Raises:
        DeixisError: The extra isn't installed, the map can't be read, or the port is taken.
    """
    from deixis.agents.web import serve as run

    agent, kept = open_agent(model, user="web", map_=map_, approve=None)

    def ready(address: str) -> None:
        if as_json:
            emit({"url": address})
        else:
            say(f"The page is at {address} (Ctrl-C ends it).", to_stderr=True)
        if token is None and host not in ("127.0.0.1", "localhost", "::1"):
            say("Anyone who reaches this address can use it: --token asks for one.", to_stderr=True)

    try:
        run(
            agent,
            host=host,
            port=port,
            token=token,
            folder=data_folder() / "web" if kept is not None else None,
            ready=ready,
        )
    finally:
        if kept is not None:
            kept.close()
