"""Rows of the table of mistakes about what trading costs, and who reckons with it."""

NOISE = "population.noise"

# words | key, and value where there is one | what is allowed
OF_COSTS = [line.split(" | ") for line in f"""
costs=kalsi | costs=kalsi does not exist | did you mean kalshi?
costs.model=kalshi | costs.model=kalshi does not exist | allowed: binary_quadratic, gas
costs=kalshi costs.taker_rat=1 | unknown key costs.taker_rat | did you mean costs.taker_rate?
costs=none costs.taker_ppm=5 | unknown key costs.taker_ppm | allowed: costs.model, costs.scale
costs=kalshi costs.taker_rate=high | costs.taker_rate=high | must be a number
costs=kalshi costs.scale=-1 | costs.scale=-1 | must be a number of at least 0
costs=kalshi costs.exponent=0.5 | costs.exponent=0.5 | must be a whole number
costs=kalshi costs.balance_to=0 | costs.balance_to=0 | must be a number of more than 0, or null
costs=kalshi costs.rounding=up | costs.rounding=up | must be 'floor', 'ceil', 'half_up'
costs=kalshi costs.round_to=0.0000000001 | costs.round_to=1e-10 | a multiple of 0.000000001
costs=notional costs.minimum=-0.01 | costs.minimum=-0.01 | must be a number of at least 0
costs=notional costs.taker_ppm=[[1,500]] | costs.taker_ppm=[[1, 500]] | must start with 0
costs=notional costs.taker_ppm=[[0,5],[0,6]] | costs.taker_ppm=[[0, 5], [0, 6]] | and increase
costs=notional costs.taker_ppm=[0,500] | costs.taker_ppm=[0, 500] | must hold pairs [from_s, value]
costs=notional costs.taker_ppm=1e16 | "taker_ppm":1e+16 | do not fit 64 bits; take rates with fewer
costs=gas costs.new_units=1e30 | "new_units":1e+30 | do not fit 64 bits
costs=gas costs.tip=-1 | costs.tip=-1 | must be a number of at least 0
costs=gas costs.tip=0.001 | costs.tip=0.001 | 0 when execution.route=direct: no block takes
costs=gas costs.tip=[[0,0],[5,0.001]] | costs.tip=0.001 | 0 when execution.route=direct
costs=parts costs.parts=[{{model:gas}},{{model:gas,tip:0.1}}] | costs.parts.1.tip=0.1 | 0 when
costs=gas costs.tip=0.001 environment=blocks | costs.tip=0.001 | 0 when execution.route=direct
costs=dydx costs.tiers=[] | costs.tiers=[] | must hold at least one tier
costs=dydx costs.tiers=[{{volume:5,taker:1,maker:1}}] | costs.tiers.0.volume=5 | everyone has the
costs=dydx costs.tiers=[{{taker:1}}] | costs.tiers.0.maker is missing | missing
costs=dydx costs.window_s=0 | costs.window_s=0 | must be more than 0
costs=dydx costs.start_volume=[[nois,5]] | costs.start_volume.nois=5 | of a group of the population
costs=parts | costs.parts=[] | must hold at least one model
costs=parts costs.parts=[{{model:gass}}] | costs.parts.0 | does not exist; did you mean gas?
costs=parts costs.parts=[{{model:gas,tips:1}}] | costs.parts.0 | tips of its part gas: unknown key
costs.scale=0.5 | costs.scale=0.5 changes nothing | costs must not be none
costs=notional costs.scale=1,2 | costs.scale=1,2 changes nothing | must have a rate other than 0
costs=none,notional costs.scale=1,2 | costs.scale=1,2 changes nothing | have a rate other than 0
costs=gas costs.base_fee=0 costs.scale=1,2 | changes nothing | costs must have a rate other than 0
costs=surplus costs.taker_share=0 costs.maker_share=0 costs.scale=2,3 | nothing | have a rate
costs=notional costs.taker_ppm=[[0,5],[20,7]] | costs.taker_ppm=[[0, 5], [20, 7]] | less than horiz
costs=parts costs.parts=[{{model:gas,base_fee:[[0,1],[50,2]]}}] | costs.parts.0.base_fee | never us
{NOISE}.knows_costs=true,false | changes nothing | costs must not be none
{NOISE}.policy.reservation_scale=0.01,0.02 | changes nothing | costs must not be none
costs=gas costs.quote_units=2 | costs.quote_units=2 changes nothing | must have requests, as rfq has
costs=gas costs.confirm_units=0,1 | changes nothing | mechanism must have requests, as rfq has
costs=gas mechanism=rfq costs.new_units=2 | costs.new_units=2 changes nothing | must have orders
costs=polymarket costs.balance_rebate=0.01 | changes nothing | costs.balance_to must not be null
""".strip().splitlines()]  # fmt: skip
