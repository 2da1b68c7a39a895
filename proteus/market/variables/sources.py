"""Where the definitions of variables come from: what a row names as its source, in full."""

SOURCES = {
    "accounts": "double entry: cash and lots of every trader, kept in integers, marked at X or v_T",
    "count": "what the engine counts in a lane",
    "Aalen & Johansen 1978": "Scandinavian Journal of Statistics 5:141-150",
    "Avellaneda & Stoikov 2008": "Quantitative Finance 8:217-224",
    "Budish, Cramton & Shim 2015": "Quarterly Journal of Economics 130:1547-1621",
    "Cartea, Donnelly & Jaimungal 2018": (
        "Applied Mathematical Finance 25:1-35, for the imbalance of volume at the best prices"
    ),
    "Colliard & Foucault 2012": "Review of Financial Studies 25:3389-3421, for the cum-fee spread",
    "Fermanian, Gueant & Pu 2017": "arXiv:1511.07773, for the cover price",
    "Foucault, Pagano & Roell 2013": "Market Liquidity, Oxford University Press, chapter 2",
    "Goettler, Parlour & Rajan 2005": "Journal of Finance 60:2149-2192, for private values",
    "Hagstromer 2021": "Journal of Financial Economics 142:314-337, for v in place of the mid",
    "Hasbrouck 1993": "Review of Financial Studies 6:191-212; here v is known",
    "Hendershott & Madhavan 2015": "Journal of Finance 70:419-447, for electronic requests",
    "Huang & Stoll 1996": "Journal of Financial Economics 41:313-357",
    "Huang & Stoll 1996, of the maker": (
        "the same split seen by the maker: signed by its lots, and against its own belief or v"
    ),
    "Large 2007": "Journal of Financial Markets 10:1-25",
    "Lo, MacKinlay & Zhang 2002": "Journal of Financial Economics 65:31-71",
    "Magdon-Ismail & Atiya 2004": "Risk 17(10):99-102",
    "Oomen 2017": "Quantitative Finance 17:1057-1070",
    "Perold 1988": "Journal of Portfolio Management 14(3):4-9",
    "Regulation (EU) 2017/566": (
        "on unexecuted orders to transactions, in volume: of what is sent, what does not trade"
    ),
    "Roll 1984": "Journal of Finance 39:1127-1139, for why the mid and not trades",
    "Sharpe 1994": "Journal of Portfolio Management 21(1):49-58",
}
