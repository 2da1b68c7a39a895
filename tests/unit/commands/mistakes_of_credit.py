"""Mistakes about credit, as rows of the table of ``test_mistakes``."""

INFORMED, LENDER = "population.informed", "population.lender"
TARGET = f"{INFORMED}.target_leverage"
LENDS = f"+trader@{LENDER}=lender"
BORROWS = f"{INFORMED}.capital=5 {TARGET}=3 +risk@{INFORMED}.risk=capital"
POOL = f"credit=pool {BORROWS} {LENDS}"
GOES_ON = "latent=log_odds episodes.carryover=full_carryover episodes.boundary=continue"
DESK, CALLER = "population.treasury", "population.liquidator"
SELLS, CALLS = f"+trader@{DESK}=treasury", f"+trader@{CALLER}=liquidator"

OF_CREDIT = [line.split(" | ") for line in f"""
credit=pol | credit=pol does not exist | did you mean pool?
{LENDS} | {LENDER}.kind=lender | another one: credit=none has no pool; credit=pool adds one
{BORROWS} | {TARGET}=3 | null: credit=none has no pool; credit=pool adds one
credit=pool | credit.mechanism=pool | none: no group of population has a target_leverage
credit=pool {BORROWS} | credit.mechanism=pool | none: no group of population is of kind lender
credit=pool {LENDS} {TARGET}=3 | {INFORMED}.capital=null | given: {TARGET}=3.0 is a multiple
{POOL} {LENDER}.capital=null | {LENDER}.capital=null | given: kind=lender lends it
credit=pool {LENDS} {INFORMED}.capital=5 {TARGET}=3 | {TARGET}=3 | null without capital or leverage
{POOL} settlement=blocks | settlement.mode=blocks | immediate or delayed
{POOL} credit.price=oracle | credit.price=oracle | reference: environment has no oracle
{POOL} credit.ltv=0.65 | credit.ltv=0.65 | less than threshold=0.65
{POOL} {LENDER}.capital=1e6 {LENDER}.count=10 | {LENDER}.capital=1000000 | at most 9223372 together
{POOL} {GOES_ON} credit.accrue_ms=3 | credit.accrue_ms=3 | a whole part of horizon_s=20 with
{CALLS} | {CALLER}.kind=liquidator | another one: credit=none has no pool
{POOL} credit.keeper=auto | credit.keeper=auto | traders: no group of population is of kind treasury
{POOL} {SELLS} | {DESK}.kind=treasury | with credit.keeper=traders the treasury seizes nothing
{POOL} credit.keeper=auto {SELLS} {DESK}.count=2 | {DESK}.count=2 | one trader in all
{POOL} credit.keeper=auto {SELLS} {DESK}.capital=5 | {DESK}.capital=5 | null: the desk
{POOL} credit.keeper=auto {SELLS} {CALLS} | {CALLER}.kind=liquidator | liquidates alone
{POOL} {CALLS} {CALLER}.capital=null | {CALLER}.capital=null | must be a number: risk.capital
{POOL} {CALLS} {CALLER}.target_leverage=2 | {CALLER}.target_leverage=2 | null: kind=liquidator
{POOL} {CALLS} {CALLER}.policy.tip_share=0.3 | {CALLER}.policy.tip_share=0.3 | null when execution
{POOL} {CALLS} credit.bonus=0.54 | credit.bonus=0.54 | less than 1 / threshold - 1
{POOL} credit.bonus=0.1,0.2 | credit.bonus=0.1,0.2 changes nothing | kind liquidator or treasury
{POOL} {CALLS} credit.target=1.1,1.2 | credit.target=1.1,1.2 changes nothing | be target_health
{POOL} credit.kink=0.7,0.8 credit.curve=fixed | credit.kink=0.7,0.8 changes nothing | be kinked
""".strip().splitlines()]  # fmt: skip
