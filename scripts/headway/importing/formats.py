FORMATS = {}
def run(arguments): pass
