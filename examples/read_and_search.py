"""Without an agent: read a document's pages, find a line, convert a place between frames."""

from deixis.vision import CachedReader, Frame, RapidReader, load_images
from deixis.vision.embedded import SignSearcher

reader = CachedReader(RapidReader())

pages = load_images("examples/images/form.pdf")
for page in pages:
    print(page.source, page.size, len(reader.read(page).lines), "lines")

menu = load_images("examples/images/menu.jpg")[0]
found = SignSearcher(reader).find("plum juice", menu, handle="img_1")[0].detection
assert found.box is not None

# The same box as a model of the 0-1000 kind would say it, and back.
frame = Frame.relative(menu.size, image="img_1")
said = frame.model_place(found.box)
print(found.text, "is at", found.box.xyxy, "or, of a thousand,", [round(v) for v in said.xyxy])
print("and back:", [round(v) for v in frame.original_place(said).xyxy])
