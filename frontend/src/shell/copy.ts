/** To the clipboard, and a word on it: what was copied, or what to do where the browser does not allow it. */
import { ElMessage } from "element-plus";
import { W } from "../words";

export async function copyText(text: string, done: string, refused: string = W.copyRefused): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    ElMessage({ message: done, type: "success", grouping: true });
  } catch {
    ElMessage({ message: refused, type: "warning", grouping: true });
  }
}
