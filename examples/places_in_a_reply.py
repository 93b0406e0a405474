"""Without an agent: what a Qwen-VL model said about a picture, as places in pixels of that picture.

Each family writes coordinates in its own way, 0 to 1000 or pixels of the picture as its processor
resized it. Nothing heavy is loaded for this.
"""

from deixis.vision import load_image, parse_places

menu = load_image("examples/images/menu.jpg")
reply = 'Here: [{"bbox_2d": [146, 295, 407, 337], "label": "beef noodle soup"}, {"bbox_2d": [142, 3'
for found in parse_places(reply, family="qwen2.5-vl", image_size=menu.size):
    print(found.label, found.box)  # the second one was cut: it isn't guessed
