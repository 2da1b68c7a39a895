"""Rules of matching: one file for each mechanism, over the functions of ``interface.py``.

``market`` is the state of the venue, ``book`` and ``orders`` are parts of it, ``alive`` holds
requests and quotes that live: all are written, and ``lane`` is their row. ``bids`` and ``asks`` are
ladders of the book; an order is its ``slot`` (``older``, ``newer``, ``earlier``, ``later``: by
arrival), and ``client_id`` says that it still has it. ``filled_bid`` is the rank of the worst
level that trades and ``open_bid`` of the best that is left (asks alike), ``low`` and ``high`` are
the ends of the Walrasian interval in ticks; times are int64 ns, ``reason`` is a code of
``book/codes.py``. Nothing is raised: what is refused is in the outbox.
"""
