mod golden;
mod oracle;
mod pixels;
mod properties;
mod samples;
