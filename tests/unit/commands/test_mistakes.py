"""What a careless user writes: one sentence, before anything is simulated, and nothing written.

The same table goes through the command line and, where a mistake can be written in Python, through
``proteus.simulate``.
"""

import shlex

import pytest

import proteus
from proteus.configuration import overrides
from proteus.errors import ConfigError
from proteus.sweep import main
from tests.helpers.fake_engine import FakeEngine, install
from tests.unit.commands.mistakes_of_constraints import OF_CONSTRAINTS
from tests.unit.commands.mistakes_of_costs import OF_COSTS
from tests.unit.commands.mistakes_of_credit import OF_CREDIT
from tests.unit.commands.mistakes_of_environments import OF_ENVIRONMENTS
from tests.unit.commands.mistakes_of_rules import OF_CAPITAL, OF_INCENTIVES

MAKER, NOISE = "population.maker", "population.noise"
BUDGET = "{variable:price_rmse,may:rise,at_most:1}"
LEVELS = "design=grid design.factors=[{key:delta,low:1,high:9,levels:%s}]"

# words | key, and value where there is one | what is allowed
MISTAKES = [line.split(" | ") for line in f"""
dleta=3 | unknown key dleta | did you mean delta?
meachnism=fba | unknown key meachnism | did you mean mechanism?
tau_ms=3 | unknown key tau_ms | did you mean metrics.tau_ms?
horizon=3 | unknown key horizon | did you mean horizon_s?
metrics.tau=3 | unknown key metrics.tau | did you mean metrics.tau_ms?
latent.kappa=3 | unknown key latent.kappa | allowed: latent.dt, latent.jump_accuracy
population.makers.count=2 | unknown key population.makers.count | did you mean population.maker?
population.extra.count=2 | unknown key population.extra.count | allowed: population.informed
{MAKER}.polcy.skew=1 | unknown key {MAKER}.polcy.skew | did you mean {MAKER}.policy?
delta.x=3 | unknown key delta.x | delta is a value, not a group of keys
+foo=3 | unknown key foo | allowed: contract, costs, credit, delta
~population.bot | unknown key population.bot | allowed: population.informed, population.maker
mechanism=clob mechanism.price_rule=lower | unknown key mechanism.price_rule | allowed: mechanism.
mechanism=clob,fba mechanism.dealers=3 | unknown key mechanism.dealers | allowed: mech
mechanism=rfq mechanism.hold_ms=50 | mechanism.hold_ms=50 changes nothing | last_look must be true
mechanism=rfq mechanism.hold_ms=5,9 | mechanism.hold_ms=5,9 changes nothing | last_look must be true
mechanism=rfq mechanism.dealers=1 execution.leakage.rfq.cover.price=hidden | changes | at least 2
mechanism=clob execution.leakage.fba.fill.price=parties | changes nothing | mechanism must be fba
{MAKER}.policy.widen_by=0.01,0.02 | widen_by=0.01,0.02 changes nothing | at_limit must be widen
{NOISE}.schedule.cluster_gap_ms=5,9 | changes nothing | cluster_probability must be more than 0
population.sniper.count=0 population.sniper.signal.delay_ms=1,2 | changes nothing | count must be
mechanism=clob,rfq delta=50,100 | delta=50,100 changes nothing | must trade in batches, as fba
{MAKER}.policy.half_spread=5 | {MAKER}.policy.half_spread=5 | at most 1
settlement=t_minus | settlement=t_minus does not exist | did you mean t_plus?
settlement=immediate settlement.retries=2 | unknown key settlement.retries | allowed: settle
settlement=t_plus settlement.delay_ms=20000 | delay_ms=20000 | less than horizon_s=20
settlement=t_plus settlement.delay_ms=0 | settlement.delay_ms=0 | more than 0
settlement=t_plus settlement.cycle_ms=100 | delay_ms=1000 | exactly one of delay_ms and
settlement=cycle settlement.cycle_ms=null | settlement.delay_ms=null | exactly one of delay_ms and
settlement=t_plus settlement.netting=both | settlement.netting=both | 'gross' or 'net'
settlement=t_plus settlement.retries=1,2 | retries=1,2 changes nothing | must have capital
settlement=cycle settlement.fail_penalty_ppm=0,9 | changes nothing | population must have capital
settlement=t_plus settlement.fail_penalty_ppm=2000000 | fail_penalty_ppm=2000000 | equal to 1000000
settlement=blocks | settlement.mode=blocks is not allowed | no blocks; environment=blocks adds them
settlement.mode=blocks | settlement.finality_blocks is missing | settlement=blocks gives all keys
settlement.mode=delayed | settlement.netting is missing | settlement=cycle or settlement=t_plus
settlement=blocks settlement.fork_depth=9 | settlement.fork_depth=9 | at most finality_blocks=4
~mechanism | ~mechanism is not allowed | must be one of clob, dual_flow, fba, rfq
~latent | ~latent is not allowed | must be one of bayesian, log_odds
+trader@{MAKER}=noise | {MAKER} is there already | write trader@{MAKER}=noise
+experiment=phase1,phase2 | +experiment=phase1,phase2 cannot be swept | one experiment at a time
axes.delta=[50,100] | axes.delta=[50,100] is not allowed | keys are swept as in delta=50,100
axes.delta=5 | axes.delta=5 is not allowed | only a file of conf/experiment has it
metrics.elapsed_ms=[1,2],[4,8] | metrics.elapsed_ms cannot be swept | a dimension of the results
{LEVELS % 5} delta=50 | delta=50 is not allowed | design.factors varies that key
{LEVELS % 5} delta=50,99 | delta=50,99 is not allowed | design.factors varies that key
{LEVELS % 200000} | design.factors makes 200000 points | at most 20000
design=grid design.factors=[{{key:mechanism,low:0,high:1}}] | key mechanism | is not a number
+experiment=phase1 size=quick,paper | size=quick,paper cannot be swept | one size at a time
foo=1 | unknown key foo | docs/defaults.md lists every key
study=x | study=x is not allowed | only a file of conf/experiment has it
{NOISE}.policy.reservation_scale=0 | {NOISE}.policy.reservation_scale=0 | must be greater than 0
design=sobol | design.factors=[] is not allowed | must not be an empty list
output_dir=/proc/x | output_dir=/proc/x is not allowed | there is none free there
+tradr@population.x=noise | unknown group tradr | did you mean trader?
+trader@population.x=nois | trader=nois does not exist | did you mean noise?
mechanism=cda | mechanism=cda does not exist | allowed: clob, dual_flow, fba
mechanism=fbaa | mechanism=fbaa does not exist | did you mean fba?
mechanism=clob,fbaa | mechanism=fbaa does not exist | did you mean fba?
mechanism=null | mechanism=null is not allowed | must be one of clob, dual_flow, fba
mechanism=[clob,fba] | mechanism=['clob', 'fba'] is not allowed | one of clob, dual_flow, fba
mechanism.name=fbb | mechanism.name=fbb does not exist | did you mean fba?
mechanism=dual-flow | mechanism=dual-flow does not exist | did you mean dual_flow?
mechanism=rfqs | mechanism=rfqs does not exist | did you mean rfq?
mechanism=rfq mechanism.dealers=0 | mechanism.dealers=0 is not allowed | greater than or equal to 1
mechanism=rfq mechanism.quote_ttl_ms=0 | mechanism.quote_ttl_ms=0 is not allowed | more than 0
mechanism=rfq mechanism.request_ttl_ms=-1 | mechanism.request_ttl_ms=-1 is not allowed | more than 0
mechanism=rfq mechanism.response.law=gamma | mechanism.response.law=gamma | 'uniform'
mechanism=rfq mechanism.response.law=constant | mechanism.response.spread_ms | law=constant
mechanism=rfq mechanism.response_probability=2 | response_probability=2 | less than or equal to 1
mechanism=rfq mechanism.tie=price | mechanism.tie=price | 'size' or 'random'
mechanism=rfq mechanism.shows_side=maybe | mechanism.shows_side=maybe | true or false
mechanism=rfq mechanism.least_share=1.5 | mechanism.least_share=1.5 | less than or equal to 1
mechanism=rfq mechanism.hold_ms=x | mechanism.hold_ms=x is not allowed | must be a number
mechanism=rfq mechanism.hold_ms=20000 | mechanism.hold_ms=20000 | less than horizon_s=20
mechanism=rfq mechanism.decision_ms=1e6 | mechanism.decision_ms=1000000 | less than horizon_s=20
mechanism=rfq mechanism.response.base_ms=1e9 | mechanism.response.base_ms | less than horizon_s=20
mechanism=rfq mechanism.response={{law:lognormal,shape:9}} | response.shape=9 | no draw exceeds
mechanism=rfq mechanism.tolerance=1e10 | mechanism.tolerance=1 | less than or equal to 1
mechanism=rfq mechanism.tolerance=-0.1 | mechanism.tolerance=-0.1 | greater than or equal to 0
mechanism=rfq mechanism.self_trade=none | unknown key mechanism.self_trade | allowed: mechanism.deal
execution.leakage.rfq.trade.price=all | execution.leakage.rfq.trade.price=all | public, asked
execution.leakage.rfq.cover.price=public | execution.leakage.rfq.cover.price=public | winner or hid
execution.leakage.rfq.request.limit=public | rfq.request.limit=public is not allowed | must be hid
mechanism=dual_flow mechanism.allocation=time | mechanism.allocation=time | 'pro_rata' or 'random'
mechanism=dual_flow mechanism.price_rule=taker | mechanism.price_rule=taker | 'takers' or 't7'
mechanism=fba mechanism.price_rule=takers | mechanism.price_rule=takers | 'upper' or 't7'
mechanism=dual_flow mechanism.random_close=2 | mechanism.random_close=2 | less than or equal to 1
mechanism=dual_flow mechanism.role=maker | unknown key mechanism.role | allowed: mechanism.alloc
latent=gbm | latent=gbm does not exist | allowed: bayesian, log_odds
latent.model=brownian | latent.model=brownian does not exist | allowed: bayesian, log_odds
executor=dusk | executor=dusk does not exist | did you mean dask?
executor.name=dask | executor.task_lanes is missing | executor.task_lanes
executor.task_lanes=8 | unknown key executor.task_lanes | did you mean executor.block_lanes
executor=processes executor.task_lanes=0 | executor.task_lanes=0 | greater than or equal to 1
executor=dask executor.retries=-1 | executor.retries=-1 | greater than or equal to 0
executor=dask executor.scheduler=a:1 executor.workers=2 | executor.workers=2 | must be null with a
executor=dask executor.scheduler=foo://x:1 | executor.scheduler=foo://x:1 | must be an address
population=null | population=null | must be one of baseline
+experiment=benhc | experiment=benhc does not exist | did you mean bench?
experiment=bench | experiment has no default to replace | write +experiment=bench
+mechanism=fba | +mechanism=fba cannot be applied | write mechanism=fba
+delta=3 | +delta=3 cannot be applied | write delta=3
~delta | delta is missing | delta
~seeds.count | seeds.count is missing | seeds.count
delta | cannot read 'delta' | write key=value
=3 | cannot read '=3' | key=value
delta=[50 | cannot read 'delta=[50' | write key=value
delta=50, | cannot read 'delta=50,' | write key=value
'delta = 50' | cannot read 'delta = 50' | write key=value
delta=choice() | cannot read 'delta=choice()' | write key=value
mechanism=clob fba | cannot read 'fba' | write key=value
delta=50 delta=100 | delta is given twice, as delta=50 and delta=100 | a sweep is delta=value
delta=interval(1,2) | delta=interval(1,2) cannot be swept | list the values
mechanism=glob(*) | mechanism=glob(*) cannot be swept | list the values
delta=range(50,10,10) | delta=range(50,10,10) lists no values | allowed are 1 to 20000
delta=range(1,1000000) | delta=range(1,1000000) lists too many values | 1 to 20000
delta=range(1,999) latent.dt=range(1,999) | delta (998) x latent.dt (998) | at most 20000
delta=50,50.0 | delta lists 50 twice | must differ
{MAKER}.count=1,2,2 | {MAKER}.count lists 2 twice | must differ
seeds.count=1,2 | seeds cannot be swept | the same for the whole sweep
executor.workers=1,2 | executor cannot be swept | the same for the whole sweep
output_dir=a,b | output_dir cannot be swept | the same for the whole sweep
record.per_run=true,false | record.per_run cannot be swept | the same for the whole sweep
metrics.horizons_ms=[0,1],[0,2] | metrics.horizons_ms cannot be swept | dimension of the results
horizon_s=${{foo}} | horizon_s=${{foo}} | Interpolation key 'foo' not found
latent.sigma=??? | latent.sigma=??? | Missing mandatory value: sigma
hydra.run.dir=x | hydra.run.dir=x | the folder is output_dir
delta=250ms | delta=250ms | must be a number
delta=50,x | delta=x | must be a number
delta=true | delta=true | must be a number
delta=null | delta=null | must be a number
delta=[50,100] | delta=[50, 100] | must be a number
delta=-250 | delta=-250 | must be more than 0
delta=0 | delta=0 | must be more than 0
delta=nan | delta=nan | must be finite
delta=1e30 | delta=1e+30 | must be at most 4611686018427
delta=1e-7 | delta=1e-07 | must be a multiple of 0.000001
delta=1e-6 | delta=1e-06 | at most 4294967296 batches in horizon_s=20
delta=5000 | delta=5000 | must be less than metrics.tau_ms=5000
horizon_s=20s | horizon_s=20s | must be a number
horizon_s=inf | horizon_s=inf | must be finite
horizon_s=5 | metrics.tau_ms=5000 | must be less than horizon_s=5
horizon_s=4e9 metrics.horizons_ms=[0,4e12] | horizon_s=4000000000 | must be at most 4611686018
metrics.tau_ms=0 | metrics.tau_ms=0 | must be more than 0
metrics.horizons_ms=[1,2] | metrics.horizons_ms=[1, 2] | must start with 0 and increase
metrics.horizons_ms=[0,5,5] | metrics.horizons_ms=[0, 5, 5] | must start with 0 and increase
metrics.horizons_ms=[] | metrics.horizons_ms=[] | must start with 0 and increase
metrics.horizons_ms=[0,x] | metrics.horizons_ms.1=x | must be a number
metrics.horizons_ms=3 | metrics.horizons_ms=3 | must be a list, as [0,100]
metrics.horizons_ms=[0,30000] | metrics.horizons_ms=[0, 30000] | at most horizon_s=20
record.warmup_s=20 | record.warmup_s=20 | must be less than horizon_s=20
record.warmup_s=-1 | record.warmup_s=-1 | must be at least 0
record.per_run=yes | record.per_run=yes | must be true or false
record.report=html | record.report=html | must be true or false
record.report=true,false | record.report cannot be swept | the same for the whole sweep
record.evnts=all | unknown key record.evnts | did you mean record.events?
record.events=seed:0..1000 | record.events=seed:0..1000 is not allowed | has seeds 0 to 999
record.events=seed:3..0 | record.events=seed:3..0 is not allowed | must go upwards
record.events=cell:1 | record.events=cell:1 is not allowed | the plan has cells 0 to 0
record.events=seeds:0 | record.events=seeds:0 is not allowed | seed, cell or one of mechanism
record.events=0..3 | record.events=0..3 is not allowed | must name lanes, as seed:0..3
record.events=true | record.events=true is not allowed | must be a text
record.events=[seed:0] | record.events=['seed:0'] is not allowed | must be a text
record.events=seed:0,seed:1 | record.events cannot be swept | the same for the whole sweep
precision=sequential record.events=seed:0 | record.events=seed:0 is not | use precision=fixed
record.traces=mechanism:clob | record.traces=mechanism:clob is not allowed | must be one of fba
record.traces=cell:0/seed:5000 | record.traces=cell:0/seed:5000 | the run has seeds 0 to 999
record.trace_step_ms=0 | record.trace_step_ms=0 | must be more than 0
record.trace_step_ms=1,2 | record.trace_step_ms cannot be swept | the same for the whole sweep
record.trace_step_ms=30000 | record.trace_step_ms=30000 | must be at most horizon_s=20
contract.tick=0 | contract.tick=0 | must divide 1
contract.tick=0.003 | contract.tick=0.003 | must divide 1
contract.tick=0.000001 | contract.tick=1e-06 | must be at least 0.00001
contract.initial_probability=0.0005 | contract.initial_probability=0.0005 | multiple of the tick
contract.initial_probability=1.0 | contract.initial_probability=1.0 | between 0 and 1
contract.tick=0.05 | execution.protection_ticks=100 | the 20 ticks of contract.tick=0.05
execution.protection_ticks=-1 | execution.protection_ticks=-1 | greater than or equal to 0
seeds=100 | seeds=100 | must be a group of keys; allowed: controls, count, design, episode
seeds.count=0 | seeds.count=0 | must be greater than or equal to 1
seeds.count=1.5 | seeds.count=1.5 | must be a whole number
seeds.count=200000000 | seeds.count=200000000 | less than or equal to 100000000
seeds.count=1e3 | seeds.count=1000.0 | must be a whole number
seeds.count=10000000000 | seeds.count=10000000000 | must be less than or equal to 100000000
seeds.root=18446744073709551616 | seeds.root=18446744073709551616 | less than 18446744073709551616
seeds.first=-1 | seeds.first=-1 | must be greater than or equal to 0
mechanism.price_rule=t8 | mechanism.price_rule=t8 | 'upper' or 't7'
mechanism.random_close=1.5 | mechanism.random_close=1.5 | less than or equal to 1
mechanism.allocation=fifo | mechanism.allocation=fifo | 'time', 'pro_rata'
mechanism.self_trade=maybe | mechanism.self_trade=maybe | 'none', 'cancel_newest'
latent.dt=0 | latent.dt=0 | must be more than 0
latent.dt=30000 | latent.dt=30000 | must be at most horizon_s=20
latent.dt=1e-6 | latent.dt=1e-06 | at most 17179869184 steps up to horizon_s=20
latent.sigma=0.1 | latent.sigma=0.1 | exactly one of sigma and total_variance
latent.total_variance=null | latent.sigma=null | exactly one of sigma and total_variance
latent.total_variance=-1 | latent.total_variance=-1 | greater than or equal to 0
latent.total_variance=1e7 | latent.total_variance=10000000.0 | must be at most 1e+06
latent.sigma=1e9 latent.total_variance=null | latent.sigma=1000000000.0 | must be at most 223.607
latent=log_odds latent.sigma=100 | latent.sigma=100 | must be lower
latent.jump_accuracy=1.0 | latent.jump_accuracy=1.0 | must be less than 1
latent.jump_rate_per_s=1e9 | latent.jump_rate_per_s=1000000000.0 | at most 2.04522e+08 per second
latent=log_odds latent.jumps=[{{weight:0.5,mean:1.0,sd:0.0}}] | latent.jumps=[ | sum to 1, not 0.5
latent=log_odds latent.jumps=[{{weight:1.0,mean:1.0}}] | latent.jumps.0.sd is missing | sd
{MAKER}=null | {MAKER}=null | must be a group of keys
{MAKER}.latency=null | {MAKER}.latency=null | must be a group of keys; allowed: acknowledgement
+population.Extra={{}} | population.Extra is not allowed | a group name is lower case
+trader@population.nan=noise | population.nan is not allowed | tables do not keep nan as a name
{MAKER}.kind=makr | {MAKER}.kind=makr does not exist | did you mean maker?
{MAKER}.kind=noise | unknown key {MAKER}.policy.half_spread | allowed: {MAKER}.policy.lifetime_ms
{MAKER}.count=-1 | {MAKER}.count=-1 | greater than or equal to 0
{MAKER}.count=5000 | {MAKER}.count=5000 | less than or equal to 4096
{MAKER}.count=2.5 | {MAKER}.count=2.5 | must be a whole number
{MAKER}.policy.half_spread=nan | {MAKER}.policy.half_spread=nan | finite
{MAKER}.policy.half_spread=-1 | {MAKER}.policy.half_spread=-1 | greater than or equal to 0
{MAKER}.policy.at_limit=push | {MAKER}.policy.at_limit=push | 'pull' or 'widen'
{MAKER}.policy.belief_gain_fill=1.1 | {MAKER}.policy.belief_gain_fill=1.1 | less than or equal to 1
{MAKER}.policy.quote_lots=0 | {MAKER}.policy.quote_lots=0 | greater than or equal to 1
{MAKER}.policy.quote_lots=200 | {MAKER}.policy.quote_lots=200 | at most inventory_limit_lots=100
{NOISE}.policy.size_mean_lots=50 | {NOISE}.policy.size_mean_lots=50 | at most max_lots=20
{NOISE}.policy.offset_high_ticks=-1 | {NOISE}.policy.offset_high_ticks=-1 | offset_low_ticks=0
{NOISE}.policy.offset_high_ticks=1000 | {NOISE}.policy.offset_high_ticks=1000 | the 1000 ticks
{MAKER}.schedule.law=poisson | {MAKER}.schedule.jitter=0.2 | must be 0 when law=poisson
{MAKER}.schedule.law=none | {MAKER}.schedule.rate_per_s=20 | must be 0 when law=none
{NOISE}.schedule.rate_per_s=0 | {NOISE}.schedule.rate_per_s=0 | greater than 0 otherwise
{NOISE}.schedule.rate_per_s=1e12 | {NOISE}.schedule.rate_per_s=1000000000000.0 | one per nanosecond
{NOISE}.schedule.rate_per_s=1e9 | {NOISE}.schedule.rate_per_s=1000000000.0 | at most 2.14748e+08
{MAKER}.schedule.cluster_probability=0.1 | {MAKER}.schedule.cluster_probability=0.1 | law=periodic
{MAKER}.schedule.on_news=1 | {MAKER}.schedule.on_news=1 | must be true or false
{MAKER}.latency.submission.law=gamma | {MAKER}.latency.submission.law=gamma | 'lognormal'
{MAKER}.latency.submission.law=constant | {MAKER}.latency.submission.spread_ms=1 | law=constant
{MAKER}.latency.submission.shape=0.1 | {MAKER}.latency.submission.shape=0.1 | law=uniform
{MAKER}.latency.submission.base_ms=1e-7 | {MAKER}.latency.submission.base_ms=1e-07 | multiple of
{MAKER}.latency.submission.base_ms=20000 | submission.base_ms=20000 | less than horizon_s=20
{MAKER}.latency.submission={{law:lognormal,shape:9}} | submission.shape=9 | no draw exceeds
population.informed.signal=null | population.informed.signal=null | cannot act without one
population.informed.signal.delay_ms=1e6 | signal.delay_ms=1000000 | less than horizon_s=20
executor.workers=0 | executor.workers=0 | greater than or equal to 1
executor.workers=100000 | executor.workers=100000 | less than or equal to 1024
executor.block_lanes=0 | executor.block_lanes=0 | greater than or equal to 1
precision=squential | precision=squential does not exist | did you mean sequential?
precision=3 | precision=3 is not allowed | must be one of fixed, power, sequential
precision.half_width=1 | unknown key precision.half_width | allowed: precision.name
precision=sequential,fixed | precision cannot be swept | the same for the whole sweep
precision=sequential | precision=sequential is not allowed | list endpoint.baseline=clob and another
precision=power mechanism=clob | precision=power is not allowed | mechanism=clob must list
precision=sequential precision.first_look=29 | precision.first_look=29 | equal to 30
precision=sequential precision.half_width=0.1 | precision.half_width=0.1 | exactly one
precision=sequential precision.half_width_share=0.0 | half_width_share=0.0 | greater than 0
precision=power precision.power=1.0 | precision.power=1.0 | less than 1
precision=power precision.effect_share=null | precision.effect=null | exactly one
precision=power mechanism=clob,fba seeds.first=2199023255552 | seeds.first=219902325 | pilot seeds
seeds.first=1099511627776 seeds.count=1099511627777 | seeds.count=1099511627777 | 100000000
seeds.first=1099511627000 | seeds.first=1099511627000 | which start at 1099511627776
endpoint.variable=maker_pnl_markd | endpoint.variable=maker_pnl_markd | mean maker_pnl_marked?
endpoint.variable=maker_pnl_marked | endpoint.horizon_ms=0 | has no horizons
endpoint.horizon_ms=50 | endpoint.horizon_ms=50 | must be one of metrics.horizons_ms=0, 100, 1000
endpoint.horizon_ms=null | endpoint.horizon_ms=null | must be one of metrics.horizons_ms
endpoint.baseline=cda | endpoint.baseline=cda does not exist | allowed: clob
endpoint.baseline=fbaa | endpoint.baseline=fbaa does not exist | did you mean fba?
endpoint.per=lots | endpoint.per=lots does not exist | maker_volume_lots
endpoint.budgets=[{{variable:maker_markout,may:rise,at_most:1}}] | budgets.0.variable= | one number
endpoint.budgets=[{{variable:n_fils,may:rise,at_most:1}}] | budgets.0.variable=n_fils | n_fills?
endpoint.budgets=[{{variable:n_fills,may:rise,at_most:-1}}] | budgets.0.at_most=-1 | equal to 0
endpoint.budgets=[{{variable:n_fills,may:sink,at_most:1}}] | budgets.0.may=sink | 'rise' or 'fall'
endpoint.budgets=[{{variable:n_fills,may:rise}}] | endpoint.budgets.0.at_most is missing | missing
endpoint.budgets=[{{variable:n_fills,may:rise,at_most:1,x:2}}] | key endpoint.budgets.0.x | x
endpoint.budgets=[{BUDGET},{BUDGET}] | endpoint.budgets=[ | must name price_rmse that may rise once
endpoint.budgets=0.05 | endpoint.budgets=0.05 | must be a list
endpoint.budget.largest_rise=500 | unknown key endpoint.budget | did you mean endpoint.budgets?
endpoint.companions=[n_fils] | endpoint.companions.0=n_fils | did you mean n_fills?
endpoint.companions=[n_fills,n_fills] | endpoint.companions=[ | must name n_fills once
endpoint.better=more | endpoint.better=more | 'higher' or 'lower'
endpoint=null | endpoint=null | must be a group of keys
parity.exceptions=latent.dt | parity.exceptions=latent.dt | must be a list
parity.exceptions=[latnt.dt] | parity.exceptions=latnt.dt | did you mean latent.dt?
parity.exceptions=[mechanism] | parity.exceptions=mechanism | no key outside mechanism and delta
delta=50,100 latent.dt=${{delta}} | they differ in latent.dt (50.0 and 100.0) | only mechanism
output_dir='' | output_dir= | must not be empty
output_dir=3 | output_dir=3 | must be a text
output_dir=occupied | output_dir=occupied is not empty | choose another folder
output_dir=occupied/file/below | output_dir=occupied/file/below cannot be used | can be made
plan_only=maybe | plan_only=maybe | must be true or false
--workers | unknown flag --workers | allowed: --cfg, --help
--hlep | unknown flag --hlep | did you mean --help?
--package x | --package is not allowed alone | beside --cfg
--resolve seeds.count=2 | --resolve is not allowed alone | beside --cfg
record.traces=seed:0..900 record.trace_step_ms=0.000001 output_dir=new | 901 lanes | of memory
--help=3 | --help/-h: ignored explicit argument '3' | --help
--cfg foo | invalid choice: 'foo' | 'job', 'hydra', 'all'
--cfg job dleta=3 | unknown key dleta | did you mean delta?
--cfg job delta=1,2 | delta=1,2 is not allowed here | one configuration
{OF_INCENTIVES}""".strip().splitlines()]  # fmt: skip
MISTAKES += OF_COSTS + OF_ENVIRONMENTS + OF_CONSTRAINTS + OF_CAPITAL + OF_CREDIT


def is_same_in_python(words):
    """Say whether words are plain key=value pairs, so that a mapping can hold them."""
    signs = ("+", "~", "-", "=", "experiment=", "seeds=", "output_dir=occ", "risk@")
    return all("=" in word and not word.startswith(signs) for word in words)


def in_python(line):
    """Return a mistake as keyword arguments, or None where Python has no such mistake."""
    words = shlex.split(line)
    try:
        parsed = [overrides.parse(word) for word in words] if is_same_in_python(words) else []
    except ConfigError:
        return None
    keys = [override.key_or_group for override in parsed]
    if not parsed or len(set(keys)) < len(keys) or any(p.is_sweep_override() for p in parsed):
        return None
    return {override.key_or_group: override.value() for override in parsed}


IN_PYTHON = [
    (parameters, *rest)
    for line, *rest in MISTAKES
    if (parameters := in_python(line)) and "'" not in line and "$" not in line and "?" not in line
]


@pytest.fixture
def engine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "occupied").mkdir()
    (tmp_path / "occupied" / "file").touch()
    return install(monkeypatch, FakeEngine())


def everything(folder):
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize(("line", "key", "allowed"), MISTAKES)
def test_a_mistake_is_one_sentence_exit_2_and_nothing_else(
    engine, capsys, tmp_path, line, key, allowed
):
    before = everything(tmp_path)
    assert main(shlex.split(line)) == 2
    printed = capsys.readouterr()
    (sentence,) = printed.err.splitlines()
    assert sentence.startswith("error: ")
    assert key in sentence
    assert allowed in sentence
    assert "Traceback" not in sentence
    assert printed.out == ""
    assert engine.calls == []
    assert everything(tmp_path) == before


@pytest.mark.parametrize(("parameters", "key", "allowed"), IN_PYTHON)
def test_the_same_mistake_in_python_has_the_same_sentence(
    engine, tmp_path, parameters, key, allowed
):
    before = everything(tmp_path)
    with pytest.raises(ConfigError) as caught:
        proteus.simulate(**parameters)
    assert key in str(caught.value)
    assert allowed in str(caught.value)
    assert "\n" not in str(caught.value)
    assert engine.calls == []
    assert everything(tmp_path) == before


def test_the_table_is_long_and_most_of_it_holds_in_python():
    assert len({line for line, *_ in MISTAKES}) == len(MISTAKES) > 100
    assert len(IN_PYTHON) > 80


def test_groups_with_the_same_random_addresses_are_refused(engine, capsys):
    # Found by search: both names hash to the same 20 bits.
    assert main([f"+trader@population.{name}=noise" for name in ("g1168", "g1221")]) == 2
    assert "population.g1221 is not allowed" in capsys.readouterr().err
