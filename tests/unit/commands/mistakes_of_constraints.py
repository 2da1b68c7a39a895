"""Mistakes about chains of constraints, as rows of the table of ``test_mistakes``."""

MAKER = "population.maker"

OF_CONSTRAINTS = [line.split(" | ") for line in f"""
{MAKER}.risk.inventory_limit.lots=0 | {MAKER}.risk.inventory_limit.lots=0 | or equal to 1
{MAKER}.risk.inventory_limit.on_limit=cut | inventory_limit.on_limit=cut | 'clip' or 'drop'
{MAKER}.risk.inventory_limit.kind=capital | unknown key {MAKER}.risk.inventory_limit.lots | did you
risk@{MAKER}.risk=[leverage] | {MAKER}.capital=null | must be a number: risk.leverage
risk@{MAKER}.risk=[loss_limit] {MAKER}.risk.loss_limit.loss=0 | loss_limit.loss=0 | than 0
risk@{MAKER}.risk=[loss_limit] {MAKER}.risk.loss_limit.pause_s=0 | pause_s=0 | more than 0
risk@{MAKER}.risk=[leverage] {MAKER}.capital=1 {MAKER}.risk.leverage.most=1e-10 | 1e-10 | must be
risk@{MAKER}.risk=[leverage] {MAKER}.capital=1 {MAKER}.risk.leverage.most=2000 | most=2000 | to 1000
risk@{MAKER}.risk=[capital,capital] | risk=[capital,capital] | capital stands twice
{MAKER}.capital=20,60 | {MAKER}.capital=20,60 changes nothing | must have capital or leverage
{MAKER}.capital=20,60 settlement=blocks environment=blocks | changes nothing | settlement be delayed
{MAKER}.risk.inventory_limit.place=5,9 | place=5,9 changes nothing | must have another constraint
{MAKER}.risk.inventory_limit.place=-1 | {MAKER}.risk.inventory_limit.place=-1 | or equal to 0
""".strip().splitlines()]  # fmt: skip
