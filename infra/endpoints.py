"""botocore's table of where AWS answers, cut to the services we speak to: 56 KB to read at a start instead of 1.2 MB.

It only says which regions there are and how requests are signed; what a region is called that comes later still
follows from its partition's pattern. All else of its data botocore reads from where it lies.
"""

import json
from pathlib import Path

from botocore.loaders import Loader

from chalicelib.gateways import aws


def lay_down(sources: Path) -> None:
    """Writes the table to where `gateways/aws.py` looks first, below `sources`, a copy of ours."""
    loader = Loader()
    table = loader.load_data("endpoints")
    spoken_to = {loader.load_service_model(name, "service-2")["metadata"]["endpointPrefix"] for name in aws.SERVICES}
    for partition in table["partitions"]:
        partition["services"] = {name: said for name, said in partition["services"].items() if name in spoken_to}
    target = sources / "chalicelib" / "gateways" / aws.DATA.name / "endpoints.json"
    target.parent.mkdir()
    target.write_text(json.dumps(table, separators=(",", ":")))
