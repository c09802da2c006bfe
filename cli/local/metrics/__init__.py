"""CloudWatch as far as the emulator lacks it: metrics from logs and queues, alarms that compute.

`sources` reads the emulator, `emf` and `invocations` read log lines, `series` keeps what was read,
`expressions` computes, `alarms` judges, `definitions` takes the alarms out of the deployed template.
`cli.local.pump` runs it all.
"""
