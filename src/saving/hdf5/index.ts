/** HDF5 files: read lazily and without copies, written as h5py writes them. */
export { hdf5Start, openHdf5, H5Dataset, H5Group } from "./read-hdf5.ts";
export { writeHdf5 } from "./write-hdf5.ts";
export {
  elementBytes,
  groupAt,
  groupContent,
  type H5Array,
  type H5Attribute,
  type H5DType,
  type H5GroupContent,
  type H5NumericDType,
  isGroup,
  putArray,
} from "./tree.ts";
