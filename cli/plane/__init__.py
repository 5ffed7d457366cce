"""The local plane: template.yaml's stack in this process, on moto's storage and a clock that can be moved.

>>> from cli.plane.stack import LocalStack          # doctest: +SKIP
>>> with LocalStack("template.yaml") as stack:      # doctest: +SKIP
...     stack.request("GET", "/ping").status
200
"""
