"""Mistakes about what a market adds to trading, as rows of the table of ``test_mistakes``."""

MAKER, POOL = "population.maker", "incentives.policies.liquidity"
POLICIES = "incentives.policies"
REBATE, VOLUME, SLASHING = (
    f"{POLICIES}.{name}" for name in ("rebate", "volume", "slashing.charge")
)
TAKERS_MAKE = f"{VOLUME}.traders=takers {VOLUME}.score.role=maker"

CHAIN = f"'risk@{MAKER}.risk=[capital]' {MAKER}.capital=20"
COUNTS, HAIRCUT = (f"{MAKER}.risk.capital.{key}" for key in ("counts", "haircut"))

OF_CAPITAL = [line.split(" | ") for line in f"""
{CHAIN} {COUNTS}=settled | {COUNTS}=settled | economic when settlement.mode=immediate: every fill
{CHAIN} {COUNTS}=settled,economic | {COUNTS}=settled | economic when settlement.mode=immediate
{CHAIN} {COUNTS}=pending {HAIRCUT}=0.5 | {COUNTS}=pending | economic when settlement.mode=immediate
{CHAIN} settlement=t_plus {COUNTS}=setled | {COUNTS}=setled | 'economic', 'settled' or 'pending'
{CHAIN} settlement=t_plus {COUNTS}=pending | {HAIRCUT}=null | given with counts=pending, and null
{CHAIN} settlement=t_plus {HAIRCUT}=0.5 | {HAIRCUT}=0.5 | given with counts=pending, and null
{CHAIN} settlement=t_plus {COUNTS}=pending {HAIRCUT}=1.5 | {HAIRCUT}=1.5 | than or equal to 1
'risk@{MAKER}.risk=[capital]' {COUNTS}=settled | {MAKER}.capital=null | has nothing else to count
""".strip().splitlines()]  # fmt: skip

OF_INCENTIVES = f"""\
incentives=message_ratio {POLICIES}.messages.charge.amount=[[0,1],[30,2]] | 30, 2]] | never used
incentives=polymarkt | incentives=polymarkt does not exist | did you mean polymarket?
incentives=polymarket {POOL}.per_epch=2 | unknown key {POOL}.per_epch | mean {POOL}.per_epoch?
incentives=polymarket {POOL}.kind=rewrd | {POOL}.kind=rewrd does not exist | did you mean reward?
incentives=polymarket {POOL}.score.name=x | {POOL}.score.name=x does not exist | two_sided_quadr
incentives=polymarket ~{POOL}.pool | {POOL}.pool is missing | pool
incentives=polymarket {POOL}.traders=snipers | {POOL}.traders=snipers | 'makers', 'takers' or 'all'
incentives=polymarket {POOL}.epoch_s=2.5 | {POOL}.epoch_s=2.5 | multiple of sampling.every_ms=1000
incentives=polymarket {POOL}.epoch_s=21 | {POOL}.epoch_s=21 | at most horizon_s=20
incentives=polymarket {POOL}.sampling=null | {POOL}.sampling=null | two_sided_quadratic looks at
incentives=polymarket {POOL}.score.max_spread=0.0302 | max_spread=0.0302 | half contract.tick=0.001
incentives=polymarket {POOL}.score.lowest_mid=0.95 | lowest_mid=0.95 | at most highest_mid=0.9
incentives=polymarket {POOL}.per_epoch=[[1,2]] | per_epoch=[[1, 2]] | start with 0 and increase
incentives=polymarket {POOL}.per_epoch=-1 | per_epoch=-1 is not allowed | at least 0
incentives=polymarket {POOL}.per_epoch=null | per_epoch=null | where pool.source is not fees
incentives=polymarket {POOL}.most_per_lot=0.1 | most_per_lot=0.1 | where score.name is not volume
incentives=polymarket mechanism=rfq | score.name=two_sided_quadratic | under mechanism=rfq: no order
incentives=polymarket {MAKER}.count=0 | {POOL}.traders=makers | a class that the population has
incentives=staking {MAKER}.capital=5 | slashing.charge.stake=10 | at most the capital=5 of makers
incentives=staking incentives.policies.slashing.charge.share=2 | charge.share=2 | must be at most 1
incentives=kalshi_volume incentives.policies.volume.score.lowest_price=1 | lowest_price=1 | highest
+incentives.policies.mine={{kind:reward}} | incentives.policies.mine.traders is missing | traders
{MAKER}.policy.reward_pass=0,1 | reward_pass=0,1 changes nothing | incentives must have a policy
incentives=message_ratio {MAKER}.policy.knows_rewards=true,false | changes nothing | reward makers
incentives=polymarket {POOL}.traders=takers {MAKER}.policy.reward_pass=0,1 | nothing | reward makers
incentives=staking {SLASHING}.stake=0 {SLASHING}.share=0.1,0.2 | nothing | stake must be more
incentives=maker_rebate | {REBATE}.pool.source=fees | issuer where costs have no fees, as costs=none
incentives=maker_rebate costs=gas | {REBATE}.pool.source=fees | nothing would flow into the pool
costs=none,kalshi incentives=maker_rebate | {REBATE}.pool.source=fees | issuer where costs have no
incentives=emission {POLICIES}.emission.halving_s=20 | halving_s=20 | less than horizon_s=20
incentives=maker_rebate costs=kalshi {REBATE}.score.role=taker mechanism=rfq | role=taker | both
incentives=polymarket +{POLICIES}.mine=3 | {POLICIES}.mine=3 | must be a group of keys
costs=gas costs.minimum=1 | costs.minimum=1 | must be 0: gas is of messages
costs=parts costs.parts=[{{model:gas,minimum:1}}] | minimum of its part gas | must be 0: gas is of
costs=dydx costs.start_volume=[[noise,1],[noise,2]] | start_volume= | must name each group once
mechanism=dual_flow incentives=kalshi_volume {TAKERS_MAKE} | role=maker | makers make in every fill
"""
