//! Flows and bridge client for the page.
