import type { Erasure } from "../api.ts";
import { sayTime, type Text } from "../language.ts";

/** What becomes of the copies that databases keep inside their files for a while. */
export function sayErasure(erasure: Erasure): Text {
  switch (erasure.state) {
    case "pending": {
      const time = sayTime(erasure.by);
      return {
        ja: `データベースのファイルから消去中です。${time}までに消えます。`,
        en: `It is being erased from the database's files, and will be gone by ${time}.`,
      };
    }
    case "overdue":
      return {
        ja: "データベースのファイルからの消去が、まだ終わっていません。管理者が確認します。",
        en: "It is not gone from the database's files yet. The administrator sees to it.",
      };
    case "gone":
      return {
        ja: "データベースのファイルからも消えました。",
        en: "It is gone from the database's files, too.",
      };
    case "left-to-server":
      return {
        ja: "データベースの内部に残る写しは、データベースの整理のときに消えます。",
        en: "Copies inside the database go when the database tidies up.",
      };
  }
}
