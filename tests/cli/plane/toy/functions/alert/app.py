"""Publishes one message for each alarm."""

import os

import boto3


def handler(event, context):
    detail = event["detail"]
    boto3.client("sns").publish(
        TopicArn=os.environ["TOPIC_ARN"], Subject=f"{detail['alarmName']} rang", Message=detail["state"]["reason"]
    )
