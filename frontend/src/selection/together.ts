/** Answers that are asked for together are shown together: chips, legend, table and map's figures never stand half old, half new. */
const flying = new Set<Promise<unknown>>();

/** The answer, once every other one that is on its way has come or failed. */
export async function together<T>(answer: Promise<T>): Promise<T> {
  flying.add(answer);
  const landed = (): void => void flying.delete(answer);
  answer.then(landed, landed);
  const got = await answer;
  while (flying.size) await Promise.allSettled(flying);
  return got;
}
