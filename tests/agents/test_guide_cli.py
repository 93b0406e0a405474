"""The command line around a map: ways, what a map holds, questions on it, and cards for staff."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from deixis.agents.cli import run_command
from tests.agents.test_cli import ENT, GUIDE, Run, one_line, one_object, process, run
from tests.conftest import ROOT
from tests.serving.scripted import completion, scripted_server
from tests.tools.maps.building import Clinic, osm_clinic

__all__ = ["process", "run"]  # fixtures

HOSPITAL = str(ROOT / "examples" / "maps" / "hospital")
TO_ENT = ("route", HOSPITAL, "--to", "ENT")
WAY = "How do I get to ENT?"


def opened(path: Path) -> Image.Image:
    """A picture that was drawn, read to its last pixel; it is a PNG and not of one colour."""
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        picture.load()
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 2
        return picture.copy()


def taken(run: Run, *words: str) -> list[str]:
    """The kinds of the places that a way goes by, from its start to its end."""
    return [place["kind"] for place in one_object(run(*words, "--json"))["places"]]


def names(run: Run, *words: str) -> list[str]:
    return [place["name"] for place in one_object(run(*words, "--json"))["places"]]


def test_route_prints_the_contract(process: Run) -> None:
    told = one_object(process(*TO_ENT, "--json"))
    assert list(told) == ["steps", "distance_m", "places", "language", "step_free"]
    assert [list(step) for step in told["steps"]] == [["instruction", "floor", "distance_m"]] * 5
    assert [step["floor"] for step in told["steps"]] == ["1F", "1F", "1F", "4F", "4F"]
    assert told["steps"][2]["instruction"] == "Take Lift B up to 4F."
    assert sum(step["distance_m"] for step in told["steps"]) == pytest.approx(told["distance_m"])
    assert told["places"][-1]["names"] == {"zh": "耳鼻喉科", "en": "ENT"}


def test_a_way_begins_at_the_main_entrance(run: Run) -> None:
    assert names(run, *TO_ENT) == ["Main Entrance", "Lift B", "ENT"]


def test_a_way_begins_where_it_is_said_to(run: Run) -> None:
    assert names(run, *TO_ENT, "--from", "药房") == ["Pharmacy", "Lift B", "ENT"]


def test_a_way_is_printed_for_people(run: Run) -> None:
    lines = run(*TO_ENT).stdout.splitlines()
    assert lines[0] == "Main Entrance → ENT: 54 m"
    assert lines[3] == "  3.  1F  Take Lift B up to 4F."
    assert len(lines) == 6


def test_a_way_is_told_in_the_language_of_the_place(run: Run) -> None:
    lines = run("route", HOSPITAL, "--to", "耳鼻喉科").stdout.splitlines()
    assert lines[0] == "正门 → 耳鼻喉科: 54 m"
    assert lines[3] == "  3.  1F  乘B号电梯到4F。"


def test_a_language_can_be_asked_for(run: Run) -> None:
    told = one_object(run(*TO_ENT, "--language", "zh", "--json"))
    assert told["language"] == "zh"
    assert [place["name"] for place in told["places"]] == ["正门", "B号电梯", "耳鼻喉科"]
    other = one_object(run("route", HOSPITAL, "--to", "耳鼻喉科", "--language", "en", "--json"))
    assert other["steps"][-1]["instruction"] == "ENT is the third door on your right, 13 m ahead."


def test_traditional_characters_are_written_throughout(run: Run) -> None:
    lines = run("route", HOSPITAL, "--to", "Pharmacy", "--language", "zh-TW").stdout.splitlines()
    assert lines[0].startswith("正門 → 藥房: ")
    assert "從正門出發" in lines[1]


@pytest.mark.parametrize(("written", "language"), [("ZH", "zh"), ("EN", "en"), ("Zh-cn", "zh")])
def test_a_language_is_known_however_it_is_written(run: Run, written: str, language: str) -> None:
    whole = run(*TO_ENT, "--language", language).stdout
    assert run(*TO_ENT, "--language", written).stdout == whole


def test_a_language_model_tells_a_way_in_its_languages(run: Run) -> None:
    said = [completion(f"Étape {n} : ENT, Lift B, Registration") for n in range(10)]
    with scripted_server(*said) as server:
        model = f"openai:{server.base_url}#qwen3-vl"
        told = one_object(run(*TO_ENT, "--language", "fr", "--model", model, "--json"))
    assert told["language"] == "fr"
    assert all(step["instruction"].startswith("Étape ") for step in told["steps"])
    assert [step["floor"] for step in told["steps"]] == ["1F", "1F", "1F", "4F", "4F"]


def test_a_language_model_that_is_not_there_is_a_failure(run: Run) -> None:
    words = [*TO_ENT, "--language", "fr", "--model", "openai:http://127.0.0.1:9/v1#qwen3-vl"]
    assert "127.0.0.1:9" in one_line(run(*words, "--json"), code=1)


def test_a_step_free_way_takes_neither_stairs_nor_escalators(run: Run) -> None:
    words = ("route", HOSPITAL, "--to", "Cardiology")
    assert taken(run, *words) == ["entrance", "escalator", "department"]
    assert taken(run, *words, "--step-free") == ["entrance", "lift", "department"]
    assert one_object(run(*words, "--step-free", "--json"))["step_free"] is True


def test_a_lift_that_is_avoided_changes_the_way(run: Run) -> None:
    words = (*TO_ENT, "--step-free")
    assert names(run, *words) == ["Main Entrance", "Lift B", "ENT"]
    assert names(run, *words, "--avoid", "B号电梯") == ["Main Entrance", "Lift A", "ENT"]


def test_several_things_are_avoided(run: Run) -> None:
    words = (*TO_ENT, "--avoid", "Lift B", "--avoid", "Stairs B", "--avoid", "escalators")
    assert names(run, *words) == ["Main Entrance", "Lift A", "ENT"]
    assert taken(run, *TO_ENT, "--avoid", "lifts", "--avoid", "escalators")[1:-1] == ["stairs"]


def test_a_way_is_drawn(run: Run, tmp_path: Path) -> None:
    one_object(run(*TO_ENT, "--json", "--draw", "way.png"))
    one_object(run(*TO_ENT, "--json", "--draw", "other.png", "--avoid", "Lift B"))
    way, other = opened(tmp_path / "way.png"), opened(tmp_path / "other.png")
    assert min(way.size) > 400
    assert way.tobytes() != other.tobytes()


def test_a_map_of_openstreetmap_and_a_zip_serve_as_well(run: Run, tmp_path: Path) -> None:
    osm_clinic().file(tmp_path / "clinic.geojson")
    Clinic().zip(tmp_path / "clinic.zip")
    for source in ("clinic.geojson", "clinic.zip"):
        told = one_object(run("route", source, "--to", "ENT", "--json"))
        assert told["places"][-1]["floor"] == "2F"


def test_map_prints_all_that_a_map_holds(run: Run) -> None:
    told = one_object(run("map", HOSPITAL, "--json"))
    assert list(told) == ["map", "problems", "sign"]
    assert told["map"]["names"]["zh"] == "云泽医院"
    floors = {floor["floor"]: floor["places"] for floor in told["map"]["floors"]}
    assert list(floors) == ["4F", "3F", "2F", "1F"]
    assert "ENT" in [place["name"] for place in floors["4F"]]
    assert (told["problems"], told["sign"]) == ([], None)


@pytest.mark.parametrize(("language", "name"), [("en", "ENT"), ("zh", "耳鼻喉科"), ("ZH", "眼科")])
def test_map_lists_each_floor_in_a_language(run: Run, language: str, name: str) -> None:
    lines = run("map", HOSPITAL, "--language", language).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["4F", "3F", "2F", "1F"]
    assert name in lines[0].replace(",", "").split()


def test_map_says_what_sign_and_map_say_otherwise(run: Run) -> None:
    sign = one_object(run("map", HOSPITAL, "--sign", GUIDE, "--json"))["sign"]
    assert "体检中心" in json.dumps(sign, ensure_ascii=False)
    said = run("map", HOSPITAL, "--sign", GUIDE, "--language", "zh").stdout.splitlines()[-1]
    assert said.startswith("牌子和地图有40个名称一致。5F只在牌子上")


def test_map_draws_every_floor(run: Run, tmp_path: Path) -> None:
    one_object(run("map", HOSPITAL, "--draw", "plan.png", "--json"))
    drawn = sorted(path.name for path in tmp_path.glob("*.png"))
    assert drawn == ["plan-2F.png", "plan-3F.png", "plan-4F.png", "plan.png"]
    assert len({opened(tmp_path / name).tobytes() for name in drawn}) == 4


def test_a_floor_whose_name_is_no_files_name_is_drawn(run: Run, tmp_path: Path) -> None:
    clinic = Clinic()
    clinic.feature(clinic.floors[1])["properties"]["short_name"] = {"en": "../1/F"}
    clinic.folder(tmp_path / "clinic")
    one_object(run("map", "clinic", "--draw", "plan.png", "--json"))
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["plan-.._1_F.png", "plan.png"]


def test_map_lists_every_fault_and_fails(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("map", "empty", "--json", "--draw", "plan.png")
    assert done.returncode == 2
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["feature"], problem["serious"]) == ("empty", True)
    assert done.stderr.startswith("deixis: empty: holds no manifest.json: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "plan.png").exists()


def test_several_faults_of_a_map_are_a_line_each_and_one_for_all(run: Run, tmp_path: Path) -> None:
    clinic = Clinic()
    for floor in clinic.floors[:2]:
        clinic.feature(floor)["properties"]["ordinal"] = "first"
    clinic.folder(tmp_path / "clinic")
    done = run("map", "clinic")
    assert (done.returncode, done.stdout) == (2, "")
    *faults, last = done.stderr.splitlines()
    errors = [line for line in faults if line.startswith("error: ")]
    assert last == f"deixis: clinic can't be used: {len(errors)} errors, listed above"
    assert all(line.startswith(("error: ", "warning: ")) for line in faults)


def test_ask_with_a_map_adds_the_way_and_its_picture(process: Run, tmp_path: Path) -> None:
    told = one_object(process("ask", WAY, "--map", HOSPITAL, "--json", "--annotate", "way.png"))
    assert list(told) == [
        "answer", "found", "language", "detections", "facts", "tool_calls", "model", "thread",
        "route", "pictures",
    ]  # fmt: skip
    assert told["route"]["steps"][2]["instruction"] == "Take Lift B up to 4F."
    assert told["pictures"][0]["alt"].startswith("1. From the Main Entrance")
    assert min(opened(tmp_path / "way.png").size) > 400


def test_ask_with_a_map_answers_in_chinese(run: Run) -> None:
    told = one_object(run("ask", "耳鼻喉科怎么走？", "--map", HOSPITAL, "--json"))
    assert (told["language"], told["route"]["language"]) == ("zh", "zh")
    assert told["answer"].startswith("耳鼻喉科在4F。")


def test_ask_with_a_map_minds_the_wheelchair(run: Run) -> None:
    question = "I use a wheelchair. How do I get to cardiology?"
    told = one_object(run("ask", question, "--map", HOSPITAL, "--json"))
    assert told["route"]["step_free"] is True
    kinds = {place["kind"] for place in told["route"]["places"]}
    assert kinds == {"entrance", "lift", "department"}


def test_ask_with_a_map_marks_the_photo_and_draws_the_way(run: Run, tmp_path: Path) -> None:
    words = ("ask", GUIDE, ENT, "--map", HOSPITAL, "--json", "--annotate", "out.png")
    told = one_object(run(*words))
    assert told["detections"][0]["text"] == "耳鼻喉科"
    with Image.open(GUIDE) as photo:
        assert opened(tmp_path / "out.png").size == photo.size
    assert told["pictures"][0]["image"] == "img_2"
    opened(tmp_path / "out-img_2.png")


def test_ask_without_a_way_has_no_route(run: Run) -> None:
    told = one_object(run("ask", "How do I get to Atlantis?", "--map", HOSPITAL, "--json"))
    assert (told["found"], told["route"], told["pictures"]) == (False, None, [])


def test_ask_with_a_map_prints_the_steps_for_people(run: Run) -> None:
    done = run("ask", WAY, "--map", HOSPITAL)
    assert done.returncode == 0
    assert "\n3. Take Lift B up to 4F.\n" in done.stdout


def test_chat_with_a_map_goes_on_from_what_was_said(run: Run) -> None:
    said = f"{WAY}\nLift B is broken\n从药房怎么走？\n"
    turns = one_object(run("chat", "--map", HOSPITAL, "--json", given=said))["turns"]
    assert "Take Lift B up to 4F." in turns[0]["answer"]
    assert "in all, without Lift B:" in turns[1]["answer"]
    assert "离开药房" in turns[2]["answer"]
    assert turns[-1]["route"]["places"][0]["floor"] == "1F"


def test_translate_says_a_phrase_with_its_meaning_kept(run: Run) -> None:
    told = one_object(run("translate", "Where is ENT?", "--to", "zh", "--json"))
    assert told["translation"] == "请问耳鼻喉科怎么走？"
    assert (told["source_language"], told["method"]) == ("en", "phrase book")


def test_translate_makes_a_card_for_staff(run: Run, tmp_path: Path) -> None:
    words = ("translate", "Where is ENT?", "--to", "zh", "--card", "card.png")
    told = one_object(run(*words, "--json"))
    assert told["translation"] == told["card"]["text"] == "请问耳鼻喉科怎么走？"
    assert told["card"]["pinyin"].startswith("Qǐngwèn ěrbíhóukē")
    assert opened(tmp_path / "card.png").width == 1080
    assert run(*words).stdout.splitlines()[2] == "Excuse me, how do I get to ENT?"


def test_a_card_is_in_the_characters_asked_for(run: Run, tmp_path: Path) -> None:
    words = ("translate", "Where is ENT?", "--card", "card.png", "--json", "--to")
    told = one_object(run(*words, "zh-TW"))
    assert told["card"]["text"] == told["translation"] == "請問耳鼻喉科怎麼走？"
    traditional = opened(tmp_path / "card.png").tobytes()
    run(*words, "zh-CN")
    assert opened(tmp_path / "card.png").tobytes() != traditional


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder of things that are no maps, and of what can't be written over."""
    whole = Clinic().zip(tmp_path / "whole.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("notes.txt", "no map")
    (tmp_path / "folder.png").mkdir()
    return tmp_path


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["route", HOSPITAL, "--to", "Atlantis"], "“Atlantis” is not on the map"),
        (["route", HOSPITAL, "--to", ""], "“” is not on the map"),
        (["route", HOSPITAL], "Missing option '--to'"),
        ([*TO_ENT, "--from", "the moon"], "“the moon” is not on the map"),
        ([*TO_ENT, "--from", ""], "“” is not on the map"),
        (["route", HOSPITAL, "--to", "手术室"], "Operating Room (2F) is closed to the public"),
        (["route", "none", "--to", "ENT"], "none: is not there"),
        (["route", "cut.zip", "--to", "ENT"], "cut.zip: is a zip that can't be read"),
        (["route", "other.zip", "--to", "ENT"], "other.zip: holds no manifest.json"),
        (["route", GUIDE, "--to", "ENT"], "give an IMDF folder or zip, or GeoJSON in UTF-8"),
        ([*TO_ENT, "--draw", "no/way.png"], "there is no folder no"),
        ([*TO_ENT, "--draw", "folder.png"], "folder.png can't be written"),
        ([*TO_ENT, "--draw", "way.doc"], "end it in .png or .jpg"),
        ([*TO_ENT, "--avoid", "Toilets"], "could be Toilets (1F) or Toilets (2F)"),
        ([*TO_ENT, "--avoid", "Lift Z"], "the map has no 'Lift Z' to avoid: it has Lift A"),
        ([*TO_ENT, "--avoid", ""], "names nothing to avoid"),
        ([*TO_ENT, "--step-free", "--avoid", "lifts"], "no step-free way from Main Entrance"),
        ([*TO_ENT, "--language", "fr"], "know Chinese and English, not 'fr'"),
        ([*TO_ENT, "--language", "!!"], "'!!' is no language"),
        ([*TO_ENT, "--language", "fr", "--model", "gpt"], "there is no model 'gpt'"),
        (["map"], "Missing argument 'MAP'"),
        (["map", HOSPITAL, "--sign", "none.jpg"], "there is no file none.jpg"),
        (["map", HOSPITAL, "--draw", "no/plan.png"], "there is no folder no"),
        (["ask", WAY, "--map", "none"], "none: is not there"),
        (["ask", WAY, "--map", "cut.zip"], "cut.zip: is a zip that can't be read"),
        (["ask", WAY, "--map", HOSPITAL, "--model", "gpt"], "there is no model 'gpt'"),
        (["ask", WAY, "--map", HOSPITAL, "--annotate", "no/a.png"], "there is no folder no"),
        (["ask", "none.jpg", WAY, "--map", HOSPITAL], "there is no file none.jpg"),
        (["chat", "--map", "none"], "none: is not there"),
        (["translate", "药", "--to", "fr", "--card", "card.png"], "cards are in Chinese, not in"),
        (["translate", "药", "--to", "zhx", "--card", "card.png"], "in Chinese, not in zhx"),
        (["translate", "药", "--to", "zh", "--card", "no/card.png"], "there is no folder no"),
        (["translate", "药", "--to", "zh", "--card", "card.doc"], "end it in .png or .jpg"),
        (["translate", "药", "--to", "zh", "--model", "gpt"], "there is no model 'gpt'"),
        (["translate", "I like elephants", "--to", "zh", "--card", "c.png"], "say it more simply"),
    ],
)
def test_bad_input_is_told_in_one_line(run: Run, words: list[str], told: str) -> None:
    said = one_line(run(*words, "--json"))
    assert told in said
    assert said.isprintable()


def test_nothing_is_drawn_where_there_is_no_way(run: Run, tmp_path: Path) -> None:
    one_line(run("route", HOSPITAL, "--to", "Atlantis", "--draw", "way.png"))
    one_line(run("translate", "I like elephants", "--to", "zh", "--card", "card.png"))
    assert not list(tmp_path.glob("*.png"))


def test_a_name_can_not_steer_the_terminal(run: Run) -> None:
    assert one_line(run("route", HOSPITAL, "--to", "\x1b[2J\u202eENTX")).isprintable()
    assert one_line(run("route", "a\x1b[31m\nmap", "--to", "ENT")).isprintable()


def test_bad_input_ends_the_process_with_2(process: Run) -> None:
    assert "is not on the map" in one_line(process("route", HOSPITAL, "--to", "Atlantis"))


@pytest.mark.parametrize("command", ["route", "map", "ask", "chat", "translate", "serve"])
def test_every_command_says_how_it_is_called(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([command, "--help"]) == 0
    assert f"deixis {command} [OPTIONS]" in capsys.readouterr().out
