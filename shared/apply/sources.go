package apply

// Names of sources: under each the store remembers which groups and hubs it wrote, so that what one no longer names can go
// while those of the other stay.
const (
	SourceConfig = "config" // the service's own configuration file, in embedded mode
	SourceCLI    = "dpsctl" // what the operator's tool applies, unless he names another
)
