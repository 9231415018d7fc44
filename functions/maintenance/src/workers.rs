pub mod weekly_cleanup;
