"""Build a small sound pack: two schools, one route there and back, three students; change it file by file."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook

FILES: dict[str, str] = {
    "agency.txt": """agency_id,agency_name,agency_url,agency_timezone,agency_lang
OP,中卫校车,https://example.org,Asia/Shanghai,zh
""",
    "jurisdictions.csv": """id,parent_id,name,level
ZW,,中卫市,city
ZW-SPT,ZW,沙坡头区,county
""",
    "operators.csv": """id,jurisdiction_id,name,phone
OP,ZW-SPT,中卫校车公司,+86 955 7000000
""",
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon
A,东园村,37.5000,105.1000
B,河沿村,37.5000,105.1100
C,城关,37.5000,105.1200
S,第一小学,37.5050,105.1300
S2,第二小学,37.5100,105.1400
""",
    "routes.txt": """route_id,agency_id,route_short_name,route_long_name,route_type
R1,OP,1路,东园—第一小学,3
""",
    "trips.txt": """route_id,service_id,trip_id,trip_headsign,direction_id,shape_id
R1,SCHOOL,R1-AM,第一小学,0,OUT
R1,SCHOOL,R1-PM,东园村,1,BACK
""",
    "stop_times.txt": """trip_id,arrival_time,departure_time,stop_id,stop_sequence
R1-AM,7:00:00,7:01:00,A,1
R1-AM,7:04:00,7:05:00,B,2
R1-AM,7:08:00,7:09:00,C,3
R1-AM,7:14:00,7:15:00,S,4
R1-PM,17:00:00,17:05:00,S,1
R1-PM,17:10:00,17:11:00,C,2
R1-PM,17:14:00,17:15:00,B,3
R1-PM,17:18:00,17:19:00,A,4
""",
    "shapes.txt": """shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence
OUT,37.5000,105.1000,1
OUT,37.5000,105.1200,2
OUT,37.5050,105.1300,3
BACK,37.5050,105.1300,1
BACK,37.5000,105.1200,2
BACK,37.5000,105.1000,3
""",
    "calendar.txt": """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
SCHOOL,1,1,1,1,1,0,0,20260901,20270115
""",
    "calendar_dates.txt": """service_id,date,exception_type,as_weekday
SCHOOL,20261001,2,
SCHOOL,20261010,1,4
""",
    "schools.csv": """id,jurisdiction_id,stop_id,name,phone
SC1,ZW-SPT,S,第一小学,0955-7000001
SC2,ZW-SPT,S2,第二小学,
""",
    "vehicles.csv": """id,operator_id,plate,seats,inspection_until,insurance_until
V1,OP,宁E·A0017校,36,2027-03-01,2027-03-01
V2,OP,宁E·A0018校,36,2027-03-01,2027-03-01
""",
    "devices.csv": """id,vehicle_id,secret
ZW-0001,V1,first-device-secret
ZW-0002,V2,
""",
    "people.csv": """badge,operator_id,role,name,phone,born,licence_since,qualified_until
D-1,OP,driver,王建国,13900000001,1980-02-03,2005-06-01,2027-05-01
D-2,OP,driver,李卫东,,1978-02-03,2001-06-01,2027-05-01
T-1,OP,attendant,马秀英,,,,2027-05-01
""",
    "permits.csv": """id,operator_id,trip_id,vehicle_id,driver_badge,attendant_badge,tag,issuer,valid_from,valid_until
P-AM,OP,R1-AM,V1,D-1,T-1,NX-E-0001,沙坡头区教育局,2026-09-01,2027-01-31
P-PM,OP,R1-PM,V1,D-1,T-1,NX-E-0001,沙坡头区教育局,2026-09-01,2027-01-31
""",
    "riders.csv": """id,school_id,name,grade,card
ST-1,SC1,张小雨,三年级,04A1B2C3
ST-2,SC1,李明,四年级,04A1B2C4
ST-3,SC1,马晓燕,,
""",
    "users.csv": """username,role,scope_id,name,password
root,admin,,管理员,a long admin password
zhang,guardian,,张父,a long guardian password
li,guardian,,李母,
gate,school,SC1,门卫,a long school password
ma,attendant,T-1,马秀英,a long attendant password
bureau,regulator,ZW,教育局,a long regulator password
desk,operator,OP,调度,a long operator password
""",
    "guardians.csv": """username,rider_id,name,phone,email,relation,valid_until
zhang,ST-1,张父,13900000011,zhang@example.org,父亲,
li,ST-2,李母,,,母亲,2027-07-31
""",
    "ride_plans.csv": """rider_id,trip_id,stop_id,weekdays
ST-1,R1-AM,A,12345
ST-1,R1-PM,A,12345
ST-2,R1-AM,B,1234
ST-2,R1-AM,C,5
ST-3,R1-PM,C,12345
""",
    "zones.csv": """id,kind,limit_kmh,wkt,width_m,valid_from,valid_until
Z-BRIDGE,hazard,,"LINESTRING (105.11 37.5, 105.112 37.5)",8,,
Z-SCHOOL,limit,30,"POLYGON ((105.129 37.504, 105.131 37.504, 105.131 37.506, 105.129 37.506, 105.129 37.504))",,2026-09-01,2027-07-15
Z-G70,expressway,100,"LINESTRING (105.1 37.6, 105.3 37.61)",40,,
""",
    "settings.csv": """scope,name,value
system,corridor_m,60
operator:OP,stale_intervals,3.5
route:R1,arrival_late_s,420
""",
}


def make_pack(**changes: str | None) -> dict[str, str]:
    """Give the files' texts, some replaced or (None) left out; a dot of a name is written as an underscore."""
    files: dict[str, str] = dict(FILES)
    for name, text in changes.items():
        file = next(known for known in FILES if known.replace(".", "_") == name)
        if text is None:
            del files[file]
        else:
            files[file] = text
    return files


def edit_pack(file: str, old: str, new: str) -> dict[str, str]:
    """Give the files with one text in one of them replaced; the text must be there."""
    assert old in FILES[file], (file, old)
    return FILES | {file: FILES[file].replace(old, new, 1)}


def write_pack(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write the files into a new folder."""
    folder.mkdir(parents=True)
    for name, text in (FILES if files is None else files).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def zip_pack(path: Path, files: dict[str, str] | None = None, inside: str = "") -> Path:
    """Write the files into a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (FILES if files is None else files).items():
            archive.writestr(inside + name, text)
    return path


def make_book(files: Mapping[str, str]) -> Workbook:
    """Give a workbook of the CSV files among these, every cell a text."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, text in files.items():
        if name.endswith(".csv"):
            sheet = book.create_sheet(name.removesuffix(".csv"))
            for row in csv.reader(text.splitlines()):
                sheet.append(row)
    return book


def write_book_pack(folder: Path, book: Workbook, files: dict[str, str] | None = None) -> Path:
    """Write a workbook, and the GTFS files beside it, into a new folder."""
    known = FILES if files is None else files
    write_pack(folder, {name: text for name, text in known.items() if name.endswith(".txt")})
    book.save(folder / "county.xlsx")
    return folder
