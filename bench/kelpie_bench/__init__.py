"""What `bench/run` is made of.

`servers` starts what is measured, `fio` asks it (and `client`, where fio cannot), `rounds` does so in
turns and judges ratios. The sections of the result have a `name`, the `names` of their rows,
`estimate`, `measure` and `lines`; `stage` is one that is a table of jobs, written by `tables`. `report`
puts them together, `pictures` draws them, with `svg`, and `summary` is for programs.
"""
