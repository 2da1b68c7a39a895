"""Rows of the table of mistakes about oracles, blocks, base fees and the way through them."""

ORACLE, KEY = "environment=oracle environment.oracle", "environment.oracle"
CHAIN = "environment=blocks execution.route=blocks"
LAW = "environment=blocks environment.blocks.law"
SCHEDULE = "population.maker.schedule"
EARLY = f"{SCHEDULE}.law=before_slots {SCHEDULE}.rate_per_s=0 {SCHEDULE}.jitter=0"
READS = (
    f"{CHAIN} population.sniper.policy.reads_mempool=true execution.tips=edge_share "
    "execution.tip_share=0.5 +channel@environment.mempool=mempool"
)

# words | key, and value where there is one | what is allowed
OF_ENVIRONMENTS = [line.split(" | ") for line in f"""
environment=moon | environment=moon | blocks, chain, congestion, mainnet, none, oracle
environment.oracle.lag_ms=9 | unknown key {KEY}.lag_ms | is a value, not a group
{ORACLE}.source=spot | source=spot | 'public', 'twap' or 'value'
{ORACLE}.source=twap | oracle.window_ms=null | must be given
{ORACLE}.window_ms=100 | window_ms=100 | null when source=public
{ORACLE}.noise_sd=0.1 | noise_sd=0.1 | must be 0 when source=public
{ORACLE}.deviation=1e-10 | deviation=1e-10 | multiple of 0.000000001
{ORACLE}.deviation=-1 | deviation=-1 | greater than or equal to 0
{ORACLE}.deviation=null {KEY}.heartbeat_s=null | deviation=null | the oracle would never report
{ORACLE}.check_ms=20000 {KEY}.lag_ms=0 | check_ms=20000 | less than horizon_s=20
{ORACLE}.lag_ms=30000 | lag_ms=30000 | less than horizon_s=20
environment=blocks environment.blocks.missed=1 | missed=1 | must be at most 0.99
{LAW}=poisson environment.blocks.missed=0.1 | missed=0.1 | where there are no slots
environment=mainnet horizon_s=12 | environment.blocks.interval_ms=12000 | less than horizon_s=12
environment=congestion environment.blocks=null | environment.congestion= | without env
environment=congestion environment.congestion.base_fee=0 | base_fee=0 | at least 0.000000001
environment=congestion environment.congestion.demand_mean=3 | demand_mean=3 | at most elasticity=2
environment=congestion environment.congestion.demand=elastic | highest_value=null | must be above 0
environment=congestion environment.congestion.message_gas=9 | message_gas=9 | are in no block
execution.route=blocks | execution.route=blocks | direct without environment.blocks
execution.tips=fixed | execution.tips=fixed | none when execution.route=direct
execution.capacity=9 | execution.capacity=9 | null when execution.route=direct
execution.max_fee=9 | execution.max_fee=9 | null when execution.route=direct
execution.tip=0.1,0.2 | execution.tip=0.1,0.2 changes nothing | execution.tips must be fixed
{CHAIN} execution.tip_share=0.1,0.2 | changes | must be edge_share
{CHAIN} execution.tips=fixed execution.tip=0 | tip=0 | above 0
{CHAIN} execution.tip_share=2 | tip_share=2 | less than or equal to 1
{CHAIN} execution.capacity=9 | capacity=9 | messages that come in
{CHAIN} execution.max_fee=1 | max_fee=1 | there is no base fee
environment=chain execution.route=blocks execution.max_fee=0.0001 | 0.0001 | of the first block
{CHAIN} mechanism=rfq | request_ttl_ms=400 | more than 2 times
+channel@environment.mempool=mempool | environment.mempool=given | no message waits
{CHAIN} +channel@environment.mempool=mempool | environment.mempool=given | where nobody reads it
population.sniper.policy.reads_mempool=true | reads_mempool=true | without environment.mempool
{READS} | waiting.orders=hidden | public with environment.mempool
mechanism=clob execution.leakage.clob.waiting.orders=public | waiting.orders=public | hidden without
execution.leakage.clob.waiting.sender=public | waiting.sender=public | must be hidden
execution.leakage.clob.report.price=public | report.price=public | must be hidden
mechanism=clob execution.leakage.clob.block.base_fee=public | base_fee=public | nobody pays one
environment=blocks environment.blocks.interval_ms=50,100 | changes nothing | must be blocks
environment=congestion environment.congestion.denominator=8,9 | changes nothing | must be blocks
environment=congestion execution.route=blocks environment.congestion.denominator=8,9 | nothing | gas
{SCHEDULE}.lead_ms=5 | lead_ms=5 | null when law=periodic
{SCHEDULE}.law=before_slots | rate_per_s=20 | must be 0 when law=before_slots
environment=blocks {EARLY} | lead_ms=null | must be given
{EARLY} {SCHEDULE}.lead_ms=5 | law=before_slots | has no slots
environment=blocks {EARLY} {SCHEDULE}.lead_ms=500 | lead_ms=500 | interval_ms=500
population.noise.policy.reads_mempool=true | unknown key population.noise.policy.reads | allowed
""".strip().splitlines()]  # fmt: skip
