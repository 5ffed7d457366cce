"""The light S3 reader: botocore's signature, and S3's behaviour as moto's server shows it."""

import datetime
import http.server
import threading
import time

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from moto.server import ThreadedMotoServer
from scorelet.aws_s3_light import Credentials, LightS3, S3Unavailable, signed_headers
from scorelet.errors import ObjectMissing

NASTY_KEY = "models/a b+c/%2B/é/~x.json"


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def environ(server):
    return {
        "AWS_ENDPOINT_URL": server,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }


@pytest.fixture
def s3(server):
    client = boto3.client(
        "s3",
        endpoint_url=server,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="models")
    client.put_bucket_versioning(Bucket="models", VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.mark.parametrize("token", [None, "a-session-token"])
def test_the_signature_is_the_one_botocore_makes(token, monkeypatch):
    now = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    host, path, query = "s3.eu-west-1.amazonaws.com", "/models/models/a%20b%2Bc/1.json", "versionId=abc"
    ours = signed_headers(host, path, query, "eu-west-1", Credentials("AKID", "SECRET", token), now)

    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None))
    # over plain HTTP botocore signs the (empty) payload too, as ours always does
    request = AWSRequest("GET", f"http://{host}{path}?{query}")
    S3SigV4Auth(BotoCredentials("AKID", "SECRET", token), "s3", "eu-west-1").add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]


def test_an_object_is_read_whole_with_its_etag_and_version(s3, environ):
    version = s3.put_object(Bucket="models", Key=NASTY_KEY, Body=b"one")["VersionId"]
    s3.put_object(Bucket="models", Key=NASTY_KEY, Body=b"two")
    reader = LightS3(environ)
    assert reader.get("models", NASTY_KEY).body == b"two"
    old = reader.get("models", NASTY_KEY, version)
    assert (old.body, old.version_id) == (b"one", version)


def test_an_unchanged_object_is_not_sent_again(s3, environ):
    s3.put_object(Bucket="models", Key="alias.json", Body=b"one")
    reader = LightS3(environ)
    blob = reader.get("models", "alias.json")
    assert reader.get_if_changed("models", "alias.json", blob.etag) is None
    s3.put_object(Bucket="models", Key="alias.json", Body=b"two")
    changed = reader.get_if_changed("models", "alias.json", blob.etag)
    assert changed is not None
    assert changed.body == b"two"


def test_a_missing_object_is_named(s3, environ):
    with pytest.raises(ObjectMissing, match="s3://models/nothing"):
        LightS3(environ).get("models", "nothing")


def test_an_endpoint_that_is_away_is_an_outage_and_says_how_often_it_was_tried(environ):
    reader = LightS3({**environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    with pytest.raises(S3Unavailable, match="after 3 attempts"):
        reader.get("models", "alias.json")


class Dropping(http.server.BaseHTTPRequestHandler):
    """Answers once on each connection, promises to keep it, and closes it without a word."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.connections.append(self.client_address)
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.close_connection = self.server.drops

    def log_message(self, *_args):
        pass


@pytest.fixture
def dropping():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dropping)
    server.connections, server.drops, server.daemon_threads = [], True, True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_reads_in_a_burst_share_a_connection(dropping, environ):
    dropping.drops = False
    reader = LightS3({**environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{dropping.server_port}"})
    assert [reader.get("models", key).body for key in "abc"] == [b"ok"] * 3
    assert len(set(dropping.connections)) == 1


def test_a_connection_that_was_closed_meanwhile_costs_no_answer(dropping, environ):
    reader = LightS3({**environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{dropping.server_port}"})
    assert [reader.get("models", key).body for key in "abc"] == [b"ok"] * 3
    assert len(set(dropping.connections)) == 3


def test_an_old_connection_is_not_trusted(dropping, environ, monkeypatch):
    dropping.drops = False
    reader = LightS3({**environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{dropping.server_port}"})
    reader.get("models", "a")
    later = time.time() + 60
    monkeypatch.setattr("scorelet.aws_s3_light.time.time", lambda: later)
    reader.get("models", "b")
    assert len(set(dropping.connections)) == 2
