"""What `bench/run` is made of.

`servers` starts what is measured, `fio` asks it, `rounds` does so in turns and judges ratios,
`tables` says what came of it. `nbd`, `cache`, `neighbour`, `boot` and `starts` are the sections of
the result: each has a `name`, the `names` of its rows, `measure` and `lines`.
"""
