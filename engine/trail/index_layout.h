// How the derived index (record_index.h) divides the records, by their numbers.
#pragma once

#include <cstdint>

namespace kedge {

inline constexpr int64_t kBlockRecords = 256;       // what is read at once where many of its records may be wanted
inline constexpr int64_t kPieceRecords = 16'384;    // what has its columns (index_column.h)
inline constexpr int64_t kStretchRecords = 65'536;  // what has its texts (index_text.h), and is thrown away as a whole
inline constexpr int64_t kPieceBlocks = kPieceRecords / kBlockRecords;
inline constexpr int64_t kStretchBlocks = kStretchRecords / kBlockRecords;
inline constexpr int64_t kStretchPieces = kStretchRecords / kPieceRecords;

}  // namespace kedge
