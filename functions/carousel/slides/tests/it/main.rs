mod samples;
mod sheet;
