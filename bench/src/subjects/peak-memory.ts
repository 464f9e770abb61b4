// Preloaded into a process whose memory counts: at its end it says how much it had at most.
process.on("exit", () => process.stderr.write(`peak memory: ${process.resourceUsage().maxRSS} KiB\n`));
