"""Published results, reproduced: one command each, the paper's number beside ours.

    python -m proteus.papers                       # the list
    python -m proteus.papers budish size=quick     # one of them
    make papers                                    # all, into docs/papers

A paper is a file here: what it says and where, which parameters are its own and which are ours, and
a function that runs the engine. The engines are those of ``proteus.validation`` where it has them.
"""
