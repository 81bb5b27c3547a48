; ModuleID = '__compute_module_bitcast_slice_fusion_kernel_module'
source_filename = "__compute_module_bitcast_slice_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @bitcast_slice_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
iter.check:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !6
  tail call void @llvm.experimental.noalias.scope.decl(metadata !7)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !10)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !12)
  %8 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %wide.load = load <8 x float>, ptr %3, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %wide.load1 = load <8 x float>, ptr %8, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %9 = load float, ptr %5, align 4, !invariant.load !3, !alias.scope !10, !noalias !15
  %broadcast.splatinsert = insertelement <8 x float> poison, float %9, i64 0
  %broadcast.splat = shufflevector <8 x float> %broadcast.splatinsert, <8 x float> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert2 = insertelement <8 x float> poison, float %9, i64 0
  %broadcast.splat3 = shufflevector <8 x float> %broadcast.splatinsert2, <8 x float> poison, <8 x i32> zeroinitializer
  %10 = fadd <8 x float> %wide.load, %broadcast.splat
  %11 = fadd <8 x float> %wide.load1, %broadcast.splat3
  %12 = getelementptr inbounds nuw i8, ptr %7, i64 32
  store <8 x float> %10, ptr %7, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %11, ptr %12, align 4, !alias.scope !12, !noalias !16
  %13 = getelementptr inbounds nuw i8, ptr %3, i64 64
  %14 = getelementptr inbounds nuw i8, ptr %3, i64 96
  %wide.load.1 = load <8 x float>, ptr %13, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %wide.load1.1 = load <8 x float>, ptr %14, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %15 = getelementptr inbounds nuw i8, ptr %5, i64 4
  %16 = load float, ptr %15, align 4, !invariant.load !3, !alias.scope !10, !noalias !15
  %broadcast.splatinsert.1 = insertelement <8 x float> poison, float %16, i64 0
  %broadcast.splat.1 = shufflevector <8 x float> %broadcast.splatinsert.1, <8 x float> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert2.1 = insertelement <8 x float> poison, float %16, i64 0
  %broadcast.splat3.1 = shufflevector <8 x float> %broadcast.splatinsert2.1, <8 x float> poison, <8 x i32> zeroinitializer
  %17 = fadd <8 x float> %wide.load.1, %broadcast.splat.1
  %18 = fadd <8 x float> %wide.load1.1, %broadcast.splat3.1
  %19 = getelementptr inbounds nuw i8, ptr %7, i64 64
  %20 = getelementptr inbounds nuw i8, ptr %7, i64 96
  store <8 x float> %17, ptr %19, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %18, ptr %20, align 4, !alias.scope !12, !noalias !16
  %21 = getelementptr inbounds nuw i8, ptr %3, i64 128
  %22 = getelementptr inbounds nuw i8, ptr %3, i64 160
  %wide.load.2 = load <8 x float>, ptr %21, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %wide.load1.2 = load <8 x float>, ptr %22, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %23 = getelementptr inbounds nuw i8, ptr %5, i64 8
  %24 = load float, ptr %23, align 4, !invariant.load !3, !alias.scope !10, !noalias !15
  %broadcast.splatinsert.2 = insertelement <8 x float> poison, float %24, i64 0
  %broadcast.splat.2 = shufflevector <8 x float> %broadcast.splatinsert.2, <8 x float> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert2.2 = insertelement <8 x float> poison, float %24, i64 0
  %broadcast.splat3.2 = shufflevector <8 x float> %broadcast.splatinsert2.2, <8 x float> poison, <8 x i32> zeroinitializer
  %25 = fadd <8 x float> %wide.load.2, %broadcast.splat.2
  %26 = fadd <8 x float> %wide.load1.2, %broadcast.splat3.2
  %27 = getelementptr inbounds nuw i8, ptr %7, i64 128
  %28 = getelementptr inbounds nuw i8, ptr %7, i64 160
  store <8 x float> %25, ptr %27, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %26, ptr %28, align 4, !alias.scope !12, !noalias !16
  %29 = getelementptr inbounds nuw i8, ptr %3, i64 192
  %30 = getelementptr inbounds nuw i8, ptr %3, i64 224
  %wide.load.3 = load <8 x float>, ptr %29, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %wide.load1.3 = load <8 x float>, ptr %30, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %31 = getelementptr inbounds nuw i8, ptr %5, i64 12
  %32 = load float, ptr %31, align 4, !invariant.load !3, !alias.scope !10, !noalias !15
  %broadcast.splatinsert.3 = insertelement <8 x float> poison, float %32, i64 0
  %broadcast.splat.3 = shufflevector <8 x float> %broadcast.splatinsert.3, <8 x float> poison, <8 x i32> zeroinitializer
  %broadcast.splatinsert2.3 = insertelement <8 x float> poison, float %32, i64 0
  %broadcast.splat3.3 = shufflevector <8 x float> %broadcast.splatinsert2.3, <8 x float> poison, <8 x i32> zeroinitializer
  %33 = fadd <8 x float> %wide.load.3, %broadcast.splat.3
  %34 = fadd <8 x float> %wide.load1.3, %broadcast.splat3.3
  %35 = getelementptr inbounds nuw i8, ptr %7, i64 192
  %36 = getelementptr inbounds nuw i8, ptr %7, i64 224
  store <8 x float> %33, ptr %35, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %34, ptr %36, align 4, !alias.scope !12, !noalias !16
  %37 = getelementptr inbounds nuw i8, ptr %3, i64 256
  %wide.load5 = load <8 x float>, ptr %37, align 4, !invariant.load !3, !alias.scope !7, !noalias !14
  %38 = getelementptr inbounds nuw i8, ptr %5, i64 16
  %39 = load float, ptr %38, align 4, !invariant.load !3, !alias.scope !10, !noalias !15
  %broadcast.splatinsert6 = insertelement <8 x float> poison, float %39, i64 0
  %broadcast.splat7 = shufflevector <8 x float> %broadcast.splatinsert6, <8 x float> poison, <8 x i32> zeroinitializer
  %40 = fadd <8 x float> %wide.load5, %broadcast.splat7
  %41 = getelementptr inbounds nuw i8, ptr %7, i64 256
  store <8 x float> %40, ptr %41, align 4, !alias.scope !12, !noalias !16
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 320}
!5 = !{i64 24}
!6 = !{i64 288}
!7 = !{!8}
!8 = distinct !{!8, !9, !"bitcast_slice_fusion_wrapped: argument 0"}
!9 = distinct !{!9, !"bitcast_slice_fusion_wrapped"}
!10 = !{!11}
!11 = distinct !{!11, !9, !"bitcast_slice_fusion_wrapped: argument 1"}
!12 = !{!13}
!13 = distinct !{!13, !9, !"bitcast_slice_fusion_wrapped: argument 2"}
!14 = !{!11, !13}
!15 = !{!8, !13}
!16 = !{!8, !11}
