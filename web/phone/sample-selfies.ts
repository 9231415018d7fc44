// Photos of an invented person, drawn by the simulated Astria.
import { type Attachment, toPhoto } from "../messenger/attachment";

const SAMPLE_COUNT = 10;

export function sampleSelfies(person: string): Promise<Attachment[]> {
  const sample = async (number: number): Promise<Attachment> => {
    const path = `/astria/selfies/${number}.jpg?kind=good&person=${encodeURIComponent(person)}`;
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${answer.status}`);
    return toPhoto(await answer.blob());
  };
  return Promise.all([...Array(SAMPLE_COUNT).keys()].map(sample));
}
