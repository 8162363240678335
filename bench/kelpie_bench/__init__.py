"""What `bench/run` is made of.

`servers` starts what is measured, `fio` asks it (and `client`, where fio cannot), `rounds` does so in
turns and judges ratios. The sections of the result have a `name`, the `names` of their rows,
`estimate`, `measure` and `lines`; `measure` puts what it finds into a dictionary and yields the name of each
row that is finished. `stage` is a section that is a table of jobs, written by `tables`. `result` keeps what
was found and writes it: `report` puts the text together, `pictures` draws, with `svg`, and `summary` is for
programs.
"""
