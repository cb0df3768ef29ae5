"""`pytest --pyargs conformance.suite`: one item a requirement x parameter, fired once and judged one by one."""
