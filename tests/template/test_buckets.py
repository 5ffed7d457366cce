"""Both buckets are private, versioned, encrypted, reached over TLS only, and outlive the stack."""

import pytest

from tests.template.expand import expanded, of_type

BUCKETS = sorted(of_type("AWS::S3::Bucket"))


def test_there_are_two_buckets() -> None:
    assert BUCKETS == ["DataBucket", "ModelBucket"]


@pytest.mark.parametrize("name", BUCKETS)
def test_the_bucket_is_private_versioned_and_encrypted(name: str) -> None:
    bucket = of_type("AWS::S3::Bucket")[name]
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize("name", BUCKETS)
def test_the_bucket_is_reached_over_tls_only(name: str) -> None:
    policies = [p for p in of_type("AWS::S3::BucketPolicy").values() if p["Bucket"] == {"Ref": name}]
    (statement,) = [s for p in policies for s in p["PolicyDocument"]["Statement"]]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


@pytest.mark.parametrize("name", BUCKETS)
def test_the_bucket_outlives_the_stack_and_forgets_in_time(name: str) -> None:
    resource = expanded()["Resources"][name]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    rules = resource["Properties"]["LifecycleConfiguration"]["Rules"]
    assert any("NoncurrentVersionExpiration" in r for r in rules)
    assert any("AbortIncompleteMultipartUpload" in r for r in rules)


def test_the_data_bucket_tells_eventbridge() -> None:
    notification = of_type("AWS::S3::Bucket")["DataBucket"]["NotificationConfiguration"]
    assert notification == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
