"""The ground: units, the schema of configuration, files, versions, the machine, selections."""
