"""Invented signs as readings: text laid out on a grid, no picture needed.

Each row of a sign is a line here, its cells parted by ` | `; a row that begins with `^` is written
large, an empty row leaves a gap.
"""

from __future__ import annotations

from deixis.vision._geometry import Quad
from deixis.vision._reader import Reading, TextLine
from deixis.vision.embedded._sign import Sign
from deixis.vision.embedded._text import has_han

_COLUMN, _PITCH, _HEIGHT = 360, 60, 26

BILINGUAL_HOSPITAL = """
^ 仁和医院 Renhe Hospital

F6 | 手术室 Operating Theatre | 重症监护室 ICU
F5 | 产科 Obstetrics | 产房 Delivery Room | 新生儿科 Neonatology
F4 | 血液透析中心 Hemodialysis | 肾内科 Nephrology | 肿瘤科 Oncology
F3 | 体检中心 Health Check-up | 口腔科 Stomatology | 中医科 TCM
F2 | 儿科 Paediatrics | 预防接种室 Vaccination | 眼科 Ophthalmology | 皮肤科 Dermatology
F1 | 急诊 Emergency | 挂号收费 Registration | 药房 Pharmacy | 放射科 Radiology
B1 | 核医学科 Nuclear Medicine | 停车场 Car Park | 太平间 Mortuary
"""

TAIWAN_HOSPITAL = """
^ 樓層簡介

10樓 | 佛堂 | 員工餐廳 | 會議室
9樓 | 安寧病房 | 腫瘤病房
5樓 | 產房 | 嬰兒室 | 婦產科門診
4樓 | 開刀房 | 加護病房 | 家屬等候區
3樓 | 復健科 | 洗腎室 | 骨科門診 | 牙科
2樓 | 心臟內科 | 腸胃科 | 小兒科 | 身心科 | 耳鼻喉科
1樓 | 批價掛號 | 領藥處 | 急診 | 服務台 | 便利商店
B1 | X光室 | 電腦斷層 | 美食街
B2 | 停車場
"""

MALL = """
^ STAR PLAZA 星光广场

L5 | Cinema 电影院 | Ice Rink 溜冰场 | Arcade 电玩城
L4 | Restaurants 餐饮 | Food Court 美食广场
L3 | Children's Clothing 童装 | Toys 玩具 | Nursing Room 母婴室
L2 | Women's Fashion 女装 | Men's Wear 男装 | Shoes 鞋类
L1 | Cosmetics 化妆品 | Jewellery 珠宝 | Customer Service 服务台 | ATM
B1 | Supermarket 超市 | Bakery 面包店 | Dry Cleaner 干洗店
B2 | Parking 停车场
"""

AIRPORT = """
国际出发 International Departures | 值机柜台 Check-in | 海关 Customs | 边检 Immigration | 4F
贵宾休息室 VIP Lounge | 免税店 Duty Free | 餐厅 Restaurants | 祈祷室 Prayer Room | 3F
国内到达 Domestic Arrivals | 行李提取 Baggage Claim | 吸烟室 Smoking Room | | 2F
国际到达 International Arrivals | 失物招领 Lost & Found | 货币兑换 Currency Exchange | 租车 Car Rental | 1F
机场快线 Airport Express | 地铁 Metro | 出租车 Taxi | | B1
"""  # noqa: E501

RAILWAY_STATION = """
^ 出站信息 Exit Information

A口 Exit A | 公交总站 Bus Terminal | 人民医院 People's Hospital
B口 Exit B | 长途客运站 Coach Station | 世纪广场 Century Square
C口 Exit C | 火车站 Railway Station | 邮局 Post Office
D口 Exit D | 师范大学 Normal University | 购物中心 Shopping Mall
"""

CLINIC_PRICES = """
^ 收费项目价格表 Price List

挂号费 Registration Fee | 10元
专家号 Specialist Visit | 50元
血常规 Complete Blood Count | 25元
尿常规 Urinalysis | 15元
胸部X光 Chest X-ray | 80元
心电图 ECG | 30元
B超 Ultrasound | 120元
静脉输液 IV Infusion | 35元
洗牙 Teeth Cleaning | 200元
流感疫苗 Flu Vaccine | 158元
"""

CAFE_RECEIPT = """
^ BLUE DOOR CAFE
12 Mill Lane

2 x Flat White | £6.80
1 x Almond Croissant | £3.20
1 x Iced Tea | £2.90
Subtotal | £12.90
Service Charge | £1.29
Total | £14.19
Card Payment | £14.19
"""

NOODLE_SHOP = """
^ 老王面馆

^ 面类
牛肉面 | 18元
阳春面 | 8元
三鲜面 | 15元
葱油拌面 | 10元

^ 小菜
卤蛋 | 2元
凉拌黄瓜 | 6元
酱牛肉 | 22元

^ 饮料
豆浆 | 3元
可乐 | 4元
啤酒 | 6元
"""

SIGNS = {
    "bilingual_hospital": BILINGUAL_HOSPITAL,
    "taiwan_hospital": TAIWAN_HOSPITAL,
    "mall": MALL,
    "airport": AIRPORT,
    "railway_station": RAILWAY_STATION,
    "clinic_prices": CLINIC_PRICES,
    "cafe_receipt": CAFE_RECEIPT,
    "noodle_shop": NOODLE_SHOP,
}


def reading_of(grid: str) -> Reading:
    """A reading with each cell of a grid as one line of text."""
    lines: list[TextLine] = []
    rows = grid.strip().splitlines()
    for number, row in enumerate(rows):
        height = 1.4 * _HEIGHT if row.startswith("^") else _HEIGHT
        for column, cell in enumerate(row.removeprefix("^").split("|")):
            if text := cell.strip():
                lines.append(_line(text, 40.0 + column * _COLUMN, 40.0 + number * _PITCH, height))
    return Reading(lines=tuple(lines), size=(40 + 6 * _COLUMN, 80 + len(rows) * _PITCH))


def sign_of(grid: str) -> Sign:
    """A grid as a sign."""
    return Sign.of(reading_of(grid), image="img_1")


def _line(text: str, x: float, y: float, height: float) -> TextLine:
    width = sum(height if has_han(c) else 0.5 * height for c in text)
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return TextLine(text=text, quad=Quad(points=corners), score=0.99)
