"""Draws what is pictured on the card faces of the software card. README.md says how to run it."""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 378, 472
# Drawn larger, then made smaller: this smooths the edges.
SCALE = 4

PEOPLE = {
    "hanako": {
        "name": "架空　花子",
        "address": "東京都清瀬市架空一丁目２番地３",
        "security-code": "2285",
        "individual-number": "123456789018",
    },
    "taro": {
        "name": "架空　太郎",
        "address": "東京都清瀬市架空四丁目５番地６",
        "security-code": "7491",
        "individual-number": "111111111118",
    },
}

# The people of a crowd have these names, and the rest from one of the two.
CROWD = {
    "umeko": "梅子", "momoko": "桃子", "sakurako": "桜子", "kikuko": "菊子", "matsuko": "松子",
    "takeko": "竹子", "fujiko": "藤子", "ranko": "蘭子", "yuriko": "百合子", "hasuko": "蓮子",
    "ichiro": "一郎", "jiro": "二郎", "saburo": "三郎", "shiro": "四郎", "goro": "五郎",
    "rokuro": "六郎", "shichiro": "七郎", "hachiro": "八郎", "kuro": "九郎", "juro": "十郎",
}


class Canvas:
    def __init__(self, background):
        self.image = Image.new("L", (WIDTH * SCALE, HEIGHT * SCALE), background)
        self.draw = ImageDraw.Draw(self.image)

    def ellipse(self, x, y, rx, ry, grey):
        self.draw.ellipse(scaled((x - rx, y - ry, x + rx, y + ry)), fill=grey)

    def polygon(self, points, grey):
        self.draw.polygon([tuple(scaled(point)) for point in points], fill=grey)

    def rounded(self, box, radius, grey):
        self.draw.rounded_rectangle(scaled(box), radius * SCALE, fill=grey)

    def arc(self, box, start, end, grey, width):
        self.draw.arc(scaled(box), start, end, fill=grey, width=width * SCALE)

    def line(self, points, grey, width):
        points = [tuple(scaled(point)) for point in points]
        self.draw.line(points, fill=grey, width=width * SCALE, joint="curve")

    def finished(self):
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        return small.filter(ImageFilter.GaussianBlur(0.6))


def scaled(numbers):
    return [number * SCALE for number in numbers]


def features(canvas, skin_shade, brow, smile):
    for x in (-1, 1):
        # Eyes, brows and cheeks, on both sides of the middle.
        canvas.ellipse(189 + x * 40, 218, 10, 12, 40)
        canvas.ellipse(189 + x * 40 - 3, 214, 3, 3, 240)
        left = 189 + x * 40 - 20
        canvas.arc((left, 184, left + 40, 208), 205, 335, 70, brow)
        canvas.ellipse(189 + x * 56, 258, 16, 11, skin_shade)
    canvas.arc((177, 226, 201, 256), 20, 160, 150, 4)
    canvas.arc(smile, 20, 160, 80, 5)


def hanako():
    canvas = Canvas(222)
    # Long hair behind the shoulders.
    canvas.rounded((84, 96, 294, 372), 100, 62)
    canvas.ellipse(189, 456, 152, 96, 118)
    canvas.polygon([(156, 340), (222, 340), (236, 376), (189, 424), (142, 376)], 206)
    canvas.rounded((160, 290, 218, 378), 26, 206)
    canvas.polygon([(138, 370), (189, 424), (160, 440), (120, 384)], 238)
    canvas.polygon([(240, 370), (189, 424), (218, 440), (258, 384)], 238)
    canvas.ellipse(189, 226, 88, 104, 222)
    # A fringe that parts to one side.
    canvas.draw.pieslice(scaled((96, 96, 282, 300)), 180, 360, fill=62)
    canvas.polygon([(240, 120), (282, 196), (276, 238), (254, 196), (196, 190)], 62)
    canvas.ellipse(164, 222, 72, 48, 222)
    canvas.ellipse(226, 218, 42, 36, 222)
    canvas.rounded((92, 180, 112, 330), 10, 62)
    canvas.rounded((266, 180, 286, 330), 10, 62)
    features(canvas, 204, 5, (160, 240, 218, 292))
    return canvas.finished()


def taro():
    canvas = Canvas(226)
    canvas.ellipse(189, 466, 166, 100, 74)
    canvas.rounded((152, 300, 226, 400), 26, 196)
    canvas.polygon([(140, 380), (189, 440), (238, 380), (250, 472), (128, 472)], 244)
    canvas.polygon([(180, 424), (198, 424), (206, 472), (172, 472)], 110)
    canvas.ellipse(98, 232, 16, 24, 196)
    canvas.ellipse(280, 232, 16, 24, 196)
    # Short hair, and a face below it.
    canvas.rounded((94, 92, 284, 260), 84, 48)
    canvas.rounded((104, 158, 274, 334), 82, 212)
    canvas.polygon([(104, 190), (120, 150), (250, 146), (274, 190), (262, 176), (150, 180)], 48)
    features(canvas, 198, 8, (164, 246, 214, 288))
    # Glasses.
    for x in (149, 229):
        canvas.draw.rounded_rectangle(
            scaled((x - 28, 196, x + 28, 240)), 16 * SCALE, outline=60, width=4 * SCALE
        )
    canvas.line([(177, 212), (201, 212)], 60, 4)
    return canvas.finished()


def glyphs(bdf):
    """The rows of each glyph of a font, by its code."""
    found, rows, code = {}, None, None
    for line in Path(bdf).read_text("ascii", "replace").splitlines():
        word, _, rest = line.partition(" ")
        if word == "ENCODING":
            code = int(rest)
        elif word == "BBX":
            width = int(rest.split()[0])
        elif word == "BITMAP":
            rows = []
        elif word == "ENDCHAR":
            found[code] = (width, rows)
            rows = None
        elif rows is not None:
            rows.append((int(line, 16), 4 * len(line)))
    return found


def jis(character):
    return int.from_bytes(character.encode("iso2022_jp")[3:5], "big")


def text(characters, code, font, width):
    """Black on white, 12 pixels high, from the left."""
    image = Image.new("1", (width, 12), 1)
    x = 0
    for character in characters:
        advance, rows = font[code(character)]
        for y, (bits, length) in enumerate(rows):
            for column in range(advance):
                if bits >> (length - 1 - column) & 1:
                    image.putpixel((x + column, y), 0)
        x += advance
    assert x <= width
    return image


def main(kanji, latin):
    here = Path(__file__).parent
    kanji, latin = glyphs(kanji), glyphs(latin)
    for person, draw in (("hanako", hanako), ("taro", taro)):
        writing = PEOPLE[person]
        for item, code, font, width in (
            ("name", jis, kanji, 216),
            ("address", jis, kanji, 288),
            ("security-code", ord, latin, 24),
            ("individual-number", ord, latin, 72),
        ):
            image = text(writing[item], code, font, width)
            image.save(here / f"{person}-{item}.png", optimize=True)
        draw().save(
            here / f"{person}-photo.jp2",
            quality_mode="rates",
            quality_layers=[28],
            irreversible=True,
            num_resolutions=6,
        )
    (here / "crowd").mkdir(exist_ok=True)
    for person, given in CROWD.items():
        image = text("架空　" + given, jis, kanji, 216)
        image.save(here / "crowd" / f"{person}-name.png", optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
