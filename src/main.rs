//! The `varpulis` command.

fn main() {}
