//! Nothing but tests: `cepa` together with libraries for databases as they are.
