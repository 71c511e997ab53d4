//! compshare
