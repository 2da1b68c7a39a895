"""Mistakes about credit, as rows of the table of ``test_mistakes``."""

INFORMED, LENDER = "population.informed", "population.lender"
TARGET = f"{INFORMED}.target_leverage"
LENDS = f"+trader@{LENDER}=lender"
BORROWS = f"{INFORMED}.capital=5 {TARGET}=3 +risk@{INFORMED}.risk=capital"
POOL = f"credit=pool {BORROWS} {LENDS}"

OF_CREDIT = [line.split(" | ") for line in f"""
credit=pol | credit=pol does not exist | did you mean pool?
{LENDS} | {LENDER}.kind=lender | another one: credit=none has no pool; credit=pool adds one
{BORROWS} | {TARGET}=3 | null: credit=none has no pool; credit=pool adds one
credit=pool | credit.mechanism=pool | none: no group of population has a target_leverage
credit=pool {BORROWS} | credit.mechanism=pool | none: no group of population is of kind lender
credit=pool {LENDS} {TARGET}=3 | {INFORMED}.capital=null | given: {TARGET}=3.0 is a multiple
{POOL} {LENDER}.capital=null | {LENDER}.capital=null | given: kind=lender lends it
credit=pool {LENDS} {INFORMED}.capital=5 {TARGET}=3 | {TARGET}=3 | null without capital or leverage
{POOL} settlement=t_plus | settlement.mode=delayed | immediate with credit=pool
{POOL} credit.price=oracle | credit.price=oracle | reference: environment has no oracle
{POOL} credit.ltv=0.65 | credit.ltv=0.65 | less than threshold=0.65
{POOL} {LENDER}.capital=1e6 {LENDER}.count=10 | {LENDER}.capital=1000000 | at most 9223372 together
{POOL} credit.kink=0.7,0.8 credit.curve=fixed | credit.kink=0.7,0.8 changes nothing | be kinked
""".strip().splitlines()]  # fmt: skip
