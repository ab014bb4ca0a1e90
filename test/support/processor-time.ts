/** Starts a clock of the processor's milliseconds that this process uses: other processes on a busy machine do not count. */
export function processorTime(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}
