"""SES and SNS in one process, as moto stands in for them, that remember what they sent over a restart.

moto keeps everything in memory. So every request is recorded in a file, and at the start those are made again before
anybody is let in: the audit finds each mail that was sent, however often this was killed. The sender is verified then
as well; an operator does that once, with the real SES.
"""

import json
import os

import requests
from moto.moto_api import recorder
from moto.server import ThreadedMotoServer, main

RECORDING = os.environ["RECORDING"]
INSIDE = "http://127.0.0.1:5001"


def sending(line):
    """Whether a request of the recording sent something. One that was cut short by a kill never got an answer."""
    try:
        request = json.loads(line)
    except ValueError:
        return False
    return request["method"] == "POST" and "/moto-api/" not in request["url"]


recorder._location = RECORDING
if os.path.exists(RECORDING):
    with open(RECORDING) as lines:
        kept = [line for line in lines if sending(line)]
    with open(RECORDING + ".new", "w") as file:
        file.writelines(kept)
    os.replace(RECORDING + ".new", RECORDING)

before = ThreadedMotoServer("127.0.0.1", 5001, verbose=False)
before.start()
requests.post(
    INSIDE + "/v2/email/identities",
    json={"EmailIdentity": os.environ["SENDER"]},
    headers={"authorization": "AWS4-HMAC-SHA256 Credential=none/20260101/eu-west-1/ses/aws4_request"},
).raise_for_status()
if os.path.exists(RECORDING):
    recorder.replay_recording(INSIDE)
before.stop()

recorder.start_recording()
main(["-H", "0.0.0.0", "-p", "5000"])
